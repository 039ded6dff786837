/** Tests: none is switched off, and every refusal has a row that names it. */
import ts from 'typescript'
import { textOf } from '../sql.ts'
import {
  at,
  type Check,
  type Finding,
  isTestFile,
  moduleOf,
  type Tree,
  walkNodes,
} from '../tree.ts'

const RUNNERS = new Set(['test', 'it', 'describe', 'suite', 'bench'])
const SWITCHES: Readonly<Record<string, string>> = {
  only: 'leaves all other tests out',
  skip: 'leaves this test out',
  todo: 'is a test that was not written',
  fails: 'turns a failure into a pass',
}

/** `skipIf` and `runIf` stay: they say on what a test depends. */
export const testsRun: Check = {
  name: 'tests run',
  files: (tree) => tree.paths.filter(isTestFile),
  run: (tree, paths) =>
    paths.flatMap((path) => {
      const source = tree.source(path)
      const findings: Finding[] = []
      walkNodes(source, (node) => {
        if (!ts.isPropertyAccessExpression(node)) return
        const why = Object.hasOwn(SWITCHES, node.name.text) ? SWITCHES[node.name.text] : undefined
        if (why === undefined || !RUNNERS.has(rootOf(node))) return
        findings.push(at(source, node, `.${node.name.text} ${why}; take it away.`))
      })
      return findings
    }),
}

function rootOf(node: ts.Expression): string {
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node))
    return rootOf(node.expression)
  return ts.isIdentifier(node) ? node.text : ''
}

export const REFUSALS_FILE = /(?:^|[/-])refusals\.ts$/

/** Every code of a module's refusals stands in one of its tests. */
export const refusalTests: Check = {
  name: 'refusal tests',
  files: (tree) =>
    tree.paths.filter((path) => path.startsWith('server/src/') && REFUSALS_FILE.test(path)),
  run: (tree, paths) => {
    const literals = new Map<string | undefined, Set<string>>()
    return paths.flatMap((path) => {
      const codes = refusalRows(tree, path)
      if (codes.length === 0)
        return [{ path, line: 1, says: 'This file holds no table of refusals.' }]
      const module = moduleOf(path)
      const named = literals.get(module) ?? testLiterals(tree, module)
      literals.set(module, named)
      return codes
        .filter(({ code }) => !named.has(code))
        .map(({ code, node }) =>
          at(
            tree.source(path),
            node,
            `No test of ${module} names ${code}; add a row that meets it.`,
          ),
        )
    })
  },
}

export interface RefusalRow {
  readonly code: string
  readonly http: number | undefined
  readonly says: string
  readonly node: ts.Node
}

/**
 * The rows of a refusals file, read from its text. A table is an object whose values have `says`, or
 * a list of rows that begin with the code and have a sentence further on.
 */
export function refusalRows(tree: Tree, path: string): RefusalRow[] {
  const rows: RefusalRow[] = []
  walkNodes(tree.source(path), (node) => {
    const isRow = ts.isArrayLiteralExpression(node) && ts.isArrayLiteralExpression(node.parent)
    if (isRow && node.elements[0] && ts.isStringLiteralLike(node.elements[0])) {
      const [first, ...rest] = node.elements
      rows.push(row(first.text, rest, node))
    }
    if (ts.isPropertyAssignment(node) && ts.isObjectLiteralExpression(node.initializer)) {
      const fields = node.initializer.properties.filter(ts.isPropertyAssignment)
      const values = fields.filter((each) => /^(?:says|http)$/.test(each.name.getText()))
      if (!fields.some((each) => each.name.getText() === 'says')) return
      const code = node.name.getText().replace(/['"]/g, '')
      rows.push(
        row(
          code,
          values.map((each) => each.initializer),
          node,
        ),
      )
    }
  })
  return rows
}

function row(code: string, values: readonly ts.Expression[], node: ts.Node): RefusalRow {
  const http = values.find(ts.isNumericLiteral)
  const says = values.map(sentence).find((each) => each !== undefined)
  return { code, http: http && Number(http.text), says: says ?? '', node }
}

/** A sentence, perhaps written in several pieces. */
function sentence(node: ts.Expression): string | undefined {
  if (!ts.isBinaryExpression(node)) return textOf(node)
  const [left, right] = [sentence(node.left), sentence(node.right)]
  return left === undefined || right === undefined ? undefined : left + right
}

function testLiterals(tree: Tree, module: string | undefined): Set<string> {
  const literals = new Set<string>()
  for (const path of tree.paths.filter((each) => isTestFile(each) && moduleOf(each) === module)) {
    walkNodes(tree.source(path), (node) => {
      if (ts.isStringLiteralLike(node)) literals.add(node.text)
    })
  }
  return literals
}
