/** Tests: none is switched off, and every refusal has a row that names it. */
import ts from 'typescript'
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
      const codes = refusalCodes(tree, path)
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

/**
 * The codes of a refusals file. A table is an object whose values have `says`, or a list of rows that
 * begin with the code.
 */
export function refusalCodes(tree: Tree, path: string): { code: string; node: ts.Node }[] {
  const codes: { code: string; node: ts.Node }[] = []
  walkNodes(tree.source(path), (node) => {
    if (ts.isPropertyAssignment(node) && ts.isObjectLiteralExpression(node.initializer)) {
      const hasSentence = node.initializer.properties.some(
        (each) => each.name?.getText() === 'says',
      )
      if (hasSentence) codes.push({ code: node.name.getText().replace(/['"]/g, ''), node })
    }
    if (ts.isArrayLiteralExpression(node) && ts.isArrayLiteralExpression(node.parent)) {
      const first = node.elements[0]
      if (first && ts.isStringLiteralLike(first)) codes.push({ code: first.text, node })
    }
  })
  return codes
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
