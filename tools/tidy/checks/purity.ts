/** Outside base nothing reads the clock, rolls dice, sleeps, opens a socket or counts in floats. */
import ts from 'typescript'
import { importsOf } from '../imports.ts'
import { at, type Check, type Finding, isCode, type Tree, walkNodes } from '../tree.ts'

/** What may not be called or taken, and what to use instead. */
const BANNED: Readonly<Record<string, string>> = {
  'Date.now': 'world.clock.now()',
  'performance.now': 'world.clock.mono()',
  'process.hrtime': 'world.clock.mono()',
  'Math.random': 'world.rng.below()',
  'crypto.randomUUID': 'world.ids.uuid()',
  'crypto.getRandomValues': 'world.rng.bytes()',
  randomUUID: 'world.ids.uuid()',
  randomBytes: 'world.rng.bytes()',
  randomInt: 'world.rng.below()',
  setTimeout: 'world.clock.sleep()',
  setInterval: 'world.clock.sleep() in a loop, or a row in the due table',
  fetch: 'world.net.call()',
  parseFloat: 'parseDecimal of #money',
  'Number.parseFloat': 'parseDecimal of #money',
  'process.env': 'a table of settings, read once by the composition root',
}

/** The one file of the server that reads the environment, and hands it on. */
const COMPOSITION_ROOT = 'server/src/main.ts'

/** Methods by their name alone, whatever they are called on. */
const BANNED_METHODS: Readonly<Record<string, string>> = {
  toFixed: 'toDecimal or formatMoney of #money',
  toPrecision: 'toDecimal or formatMoney of #money',
}

const BANNED_IMPORTS: readonly [RegExp, string][] = [
  [/^(?:node:)?timers(?:\/promises)?$/, 'world.clock.sleep()'],
  [/^(?:node:)?perf_hooks$/, 'world.clock.mono()'],
  [/^(?:node:)?(?:https?|http2|net|tls|dgram)$|^undici$/, 'world.net.call()'],
  [/^(?:node:)?fs(?:\/promises)?$/, 'world.files'],
]

export const pureModules: Check = {
  name: 'pure modules',
  files: (tree) =>
    tree.paths.filter(
      (path) =>
        path.startsWith('server/src/') && !path.startsWith('server/src/base/') && isCode(path),
    ),
  run: (tree, paths) => paths.flatMap((path) => [...calls(tree, path), ...imports(tree, path)]),
}

function calls(tree: Tree, path: string): Finding[] {
  const source = tree.source(path)
  const findings: Finding[] = []
  const report = (node: ts.Node, what: string, instead: string) =>
    findings.push(at(source, node, `${what} is only for base; use ${instead}.`))
  walkNodes(source, (node) => {
    if (ts.isPropertyAccessExpression(node)) {
      const what = `${node.expression.getText(source)}.${node.name.text}`.replace(
        /^globalThis\./,
        '',
      )
      const instead = own(BANNED, what)
      const read = what === 'process.env' && path === COMPOSITION_ROOT
      if (instead !== undefined && !read) report(node, what, instead)
      const method = own(BANNED_METHODS, node.name.text)
      if (method !== undefined) report(node, `.${node.name.text}()`, method)
    }
    if (ts.isIdentifier(node) && isValue(node)) {
      const instead = own(BANNED, node.text)
      if (instead !== undefined) report(node, node.text, instead)
    }
    const isDate = (callee: ts.Expression) => ts.isIdentifier(callee) && callee.text === 'Date'
    if (ts.isNewExpression(node) && isDate(node.expression) && !node.arguments?.length) {
      report(node, 'new Date()', 'new Date(world.clock.now())')
    }
    if (ts.isCallExpression(node) && isDate(node.expression)) {
      report(node, 'Date()', 'new Date(world.clock.now())')
    }
  })
  return findings
}

/** A row of a table; names such as `toString`, which every object has, are not rows. */
function own(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** Whether an identifier stands for a value, rather than for a key, a member or a declaration. */
function isValue(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isTypeNode(parent) || ts.isQualifiedName(parent)) return false
  // Taken from a package by name: `import { randomUUID } from 'node:crypto'`.
  if (ts.isImportSpecifier(parent)) return (parent.propertyName ?? parent.name) === node
  const declares =
    (ts.isPropertyAssignment(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isVariableDeclaration(parent) ||
      ts.isParameter(parent) ||
      ts.isFunctionDeclaration(parent) ||
      ts.isBindingElement(parent)) &&
    parent.name === node
  return !declares
}

function imports(tree: Tree, path: string): Finding[] {
  return importsOf(tree, path).flatMap((each) => {
    const banned = BANNED_IMPORTS.find(([pattern]) => pattern.test(each.specifier))
    if (banned === undefined || each.typeOnly) return []
    const says = `${each.specifier} is only for base; use ${banned[1]}.`
    return [at(tree.source(path), each.node, says)]
  })
}
