/** The imports of a file, from its syntax tree: static, type-only, re-exports and dynamic ones. */
import { posix } from 'node:path'
import ts from 'typescript'
import { type Tree, walkNodes } from './tree.ts'

export interface Import {
  readonly specifier: string
  readonly node: ts.Node
  /** The names taken, for a static import with braces. */
  readonly names: readonly string[]
  /**
   * Where it leads: a path of the tree for relative ones, `server/src/x/index.ts` for `#x`, and
   * nothing for packages.
   */
  readonly path: string | undefined
  readonly typeOnly: boolean
}

/** Every import of the file at `path`. */
export function importsOf(tree: Tree, path: string): Import[] {
  const found: Import[] = []
  walkNodes(tree.source(path), (node) => {
    const specifier = specifierOf(node)
    if (specifier === undefined) return
    found.push({
      specifier,
      node,
      names: namesOf(node),
      path: target(path, specifier),
      typeOnly: isTypeOnly(node),
    })
  })
  return found
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return node.moduleSpecifier && literal(node.moduleSpecifier)
  }
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined
  }
  if (ts.isCallExpression(node)) {
    const dynamic = node.expression.kind === ts.SyntaxKind.ImportKeyword
    const required = ts.isIdentifier(node.expression) && node.expression.text === 'require'
    const argument = node.arguments[0]
    return (dynamic || required) && argument ? literal(argument) : undefined
  }
  return undefined
}

function literal(node: ts.Node): string | undefined {
  return ts.isStringLiteralLike(node) ? node.text : undefined
}

function namesOf(node: ts.Node): string[] {
  if (!ts.isImportDeclaration(node)) return []
  const bindings = node.importClause?.namedBindings
  if (!bindings || !ts.isNamedImports(bindings)) return []
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text)
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  if (!ts.isImportDeclaration(node)) return false
  const clause = node.importClause
  if (clause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const bindings = clause?.namedBindings
  return (
    clause?.name === undefined &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.length > 0 &&
    bindings.elements.every((element) => element.isTypeOnly)
  )
}

function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return `server/src/${specifier.slice(1)}/index.ts`
  if (!specifier.startsWith('.')) return undefined
  return posix.normalize(posix.join(posix.dirname(from), specifier))
}
