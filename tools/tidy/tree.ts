/**
 * The files of a checkout as the checks see them: read once, parsed once.
 *
 * The one thing to get wrong: searching TypeScript by regular expressions, which finds comments and
 * strings. Imports, calls and identifiers are read from TypeScript's own syntax tree.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import type { ModuleRule } from '../../server/src/map.ts'

/** One thing that is wrong, where, and what to do about it. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly says: string
}

export interface Check {
  /** Two or three words; the heading in the output. */
  readonly name: string
  /** The paths the check reads. A check that would read none fails, whatever else is true. */
  files(tree: Tree): string[]
  run(tree: Tree, paths: readonly string[]): Finding[]
}

export interface Tree {
  readonly root: string
  readonly map: Readonly<Record<string, ModuleRule>>
  /** Paths with forward slashes, relative to the root, sorted. */
  readonly paths: readonly string[]
  has(path: string): boolean
  text(path: string): string
  source(path: string): ts.SourceFile
}

const SKIPPED = new Set(['node_modules', '.git', 'coverage', '.vite', 'dist'])
const READ =
  /\.(?:ts|tsx|mts|mjs|js|json|sql|md|yaml|yml|html|css|svg)$|^\.ci\/run$|^\.npmrc$|^LICENSE$/

/** Reads every text file under `root` that a person or a generator wrote. */
export function readTree(root: string, map: Tree['map']): Tree {
  const paths: string[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) walk(path)
      if (entry.isFile() && READ.test(path)) paths.push(path)
    }
  }
  walk('')
  const texts = new Map<string, string>()
  const sources = new Map<string, ts.SourceFile>()
  const known = new Set(paths)
  const text = (path: string): string => {
    const kept = texts.get(path) ?? readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n')
    texts.set(path, kept)
    return kept
  }
  const source = (path: string): ts.SourceFile => {
    const kept =
      sources.get(path) ?? ts.createSourceFile(path, text(path), ts.ScriptTarget.ES2023, true)
    sources.set(path, kept)
    return kept
  }
  return { root, map, paths: paths.sort(), has: (path) => known.has(path), text, source }
}

/** Runs the checks and returns every finding under its check's name. */
export function runChecks(checks: readonly Check[], tree: Tree): Map<string, Finding[]> {
  return new Map(checks.map((check) => [check.name, runCheck(check, tree)]))
}

/** Runs one check. Reading nothing is a finding: a check that saw no file has proved nothing. */
export function runCheck(check: Check, tree: Tree): Finding[] {
  const paths = check.files(tree)
  if (paths.length === 0) {
    return [{ path: '.', line: 1, says: `The check "${check.name}" found no file to read.` }]
  }
  return check.run(tree, paths)
}

/** Visits every node below `node`, parents first. */
export function walkNodes(node: ts.Node, visit: (node: ts.Node) => void): void {
  ts.forEachChild(node, (child) => {
    visit(child)
    walkNodes(child, visit)
  })
}

/** A finding at a node. */
export function at(source: ts.SourceFile, node: ts.Node, says: string): Finding {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
  return { path: source.fileName, line: line + 1, says }
}

/** A finding at an offset of a text. */
export function atOffset(path: string, text: string, offset: number, says: string): Finding {
  return { path, line: text.slice(0, offset).split('\n').length, says }
}

/** Whether the path is a file of tests. */
export function isTestFile(path: string): boolean {
  return /\.test\.ts$/.test(path)
}

/**
 * Whether the path only serves tests: a test file, a `testing/` folder, or the `judge/` folder of a
 * module, which holds the slow oracle its tests compare with.
 */
export function isTest(path: string): boolean {
  return isTestFile(path) || /\/(?:testing|judge)\//.test(path)
}

/** Whether the path is TypeScript that runs, tests left out. */
export function isCode(path: string): boolean {
  return /\.tsx?$/.test(path) && !path.endsWith('.d.ts') && !isTest(path)
}

/** The module a path of the server belongs to; `undefined` for main.ts, map.ts and other folders. */
export function moduleOf(path: string): string | undefined {
  return /^server\/src\/([^/]+)\//.exec(path)?.[1]
}
