/** SQL: who may name a table, where statements stand, how money tables are keyed, what effects read. */
import ts from 'typescript'
import { MIGRATION, sqlIn, type Table, tablesOf, textOf, withoutSqlComments } from '../sql.ts'
import {
  at,
  atOffset,
  type Check,
  type Finding,
  isCode,
  moduleOf,
  type Tree,
  walkNodes,
} from '../tree.ts'

/**
 * Who may name any module's tables: tests, the test ground, and the tools that measure, break or
 * print the database from outside on purpose.
 */
const NAMES_ANY_TABLE = /^tools\/(?:bench|chaos|golden|tidy)\//

/** A table belongs to the module whose name its schema carries; no other names it. */
export const tableOwners: Check = {
  name: 'table owners',
  files: (tree) =>
    tree.paths.filter(
      (path) =>
        (isCode(path) && !path.startsWith('server/testing/') && !NAMES_ANY_TABLE.test(path)) ||
        MIGRATION.test(path),
    ),
  run: (tree, paths) => {
    const tables = tablesOf(tree)
    return paths.flatMap((path) =>
      MIGRATION.test(path) ? migrationOwner(tree, path, tables) : codeOwner(tree, path, tables),
    )
  },
}

function codeOwner(tree: Tree, path: string, tables: ReadonlyMap<string, Table>): Finding[] {
  const own = moduleOf(path)
  return sqlIn(tree, path).flatMap(({ node, sql }) =>
    mentions(sql, tables)
      .filter(({ table }) => table.schema !== own)
      .map(({ name, table }) =>
        at(tree.source(path), node, `${name} belongs to ${table.schema}; ask that module instead.`),
      ),
  )
}

/** A migration names its own module's tables; a foreign key may point down along the map. */
function migrationOwner(tree: Tree, path: string, tables: ReadonlyMap<string, Table>): Finding[] {
  const own = /^\d{4}-([a-z]+)-/.exec(path.slice(path.lastIndexOf('/') + 1))?.[1] ?? ''
  const raw = tree.text(path)
  const sql = withoutSqlComments(raw)
  return mentions(sql, tables).flatMap(({ name, table, offset }) => {
    if (table.schema === own) return []
    const points = /\breferences\s+$/.test(sql.slice(0, offset))
    if (points && tree.map[own]?.uses.includes(table.schema)) return []
    const says = `${name} belongs to ${table.schema}; a migration of ${own || 'no module'} may not touch it.`
    return [atOffset(path, raw, offset, says)]
  })
}

function mentions(
  sql: string,
  tables: ReadonlyMap<string, Table>,
): { name: string; table: Table; offset: number }[] {
  return [...sql.matchAll(/(?<![\w.])([a-z_]+)\s*\.\s*([a-z_0-9]+)/g)].flatMap((match) => {
    const name = `${match[1]}.${match[2]}`
    const table = tables.get(name)
    return table === undefined ? [] : [{ name, table, offset: match.index }]
  })
}

/** All SQL of a module stands in files whose name says so; base, being the ground, may anywhere. */
const SQL_FILE = /(?:^|[/-])(?:store|effects|sql|queries)\.ts$|\/store\/[^/]+\.ts$/

export const sqlPlaces: Check = {
  name: 'SQL places',
  files: (tree) => tree.paths.filter((path) => path.startsWith('server/src/') && isCode(path)),
  run: (tree, paths) =>
    paths
      .filter((path) => !path.startsWith('server/src/base/') && !SQL_FILE.test(path))
      .flatMap((path) =>
        sqlIn(tree, path).map(({ node }) =>
          at(
            tree.source(path),
            node,
            'Move this statement to store.ts, effects.ts or a file named *-store.ts, *-effects.ts.',
          ),
        ),
      ),
}

/** Money tables are keyed by book, so that they can be distributed by book. */
export const moneyKeys: Check = {
  name: 'money table keys',
  files: (tree) => tree.paths.filter((path) => MIGRATION.test(path)),
  run: (tree) => {
    const tables = tablesOf(tree)
    const isMoney = (table: Table) => tree.map[table.schema]?.money === true && !table.reference
    return [...tables.values()].flatMap((table) => {
      const full = `${table.schema}.${table.name}`
      const says = (text: string, offset = table.offset) =>
        atOffset(table.path, tree.text(table.path), offset, `${full}: ${text}`)
      if (!(table.schema in tree.map))
        return [says('no module has this schema; see server/src/map.ts.')]
      const hasBook = table.columns.includes('book_id')
      const findings: Finding[] = []
      if (!hasBook && !isMoney(table)) return findings
      if (!hasBook) {
        findings.push(says('a money table has book_id; else write "-- reference: why" above it.'))
      }
      if (isMoney(table) && !table.columns.includes('org_id') && !table.withoutOrg) {
        findings.push(says('put org_id beside book_id; else write "-- no org_id: why" above it.'))
      }
      for (const key of table.keys) {
        if (key.columns[0] === 'book_id') continue
        findings.push(
          says(`${key.what} (${key.columns.join(', ')}) must begin with book_id.`, key.offset),
        )
      }
      for (const { columns, to, offset } of table.references) {
        const target = tables.get(to)
        if (target === undefined || !isMoney(target) || columns[0] === 'book_id') continue
        findings.push(says(`the foreign key to ${to} must begin with book_id.`, offset))
      }
      if (!table.keys.some((key) => key.what.startsWith('primary key'))) {
        findings.push(says('give it a primary key that begins with book_id.'))
      }
      return findings
    })
  },
}

const IMPURE_SQL =
  /\b(?:now|random|gen_random_uuid|uuidv[47]|uuid_generate_v\d\w*|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(|\b(?:current_timestamp|current_date|current_time|localtimestamp|localtime)\b/gi

/** Time, dice and ids come from the World, not from the database. The launcher works below it. */
export const pureSql: Check = {
  name: 'pure SQL',
  files: (tree) =>
    tree.paths.filter(
      (path) =>
        MIGRATION.test(path) ||
        (path.startsWith('server/src/') &&
          isCode(path) &&
          !path.startsWith('server/src/base/postgres/')),
    ),
  run: (tree, paths) =>
    paths.flatMap((path) => {
      const says = (found: string) =>
        `SQL may not call ${found.replace(/\s*\($/, '()')}; pass the instant, number or id as a parameter.`
      if (MIGRATION.test(path)) {
        const sql = withoutSqlComments(tree.text(path))
        return [...sql.matchAll(IMPURE_SQL)].map((match) =>
          atOffset(path, sql, match.index, says(match[0])),
        )
      }
      return sqlIn(tree, path).flatMap(({ node, sql }) =>
        [...sql.matchAll(IMPURE_SQL)].map((match) => at(tree.source(path), node, says(match[0]))),
      )
    }),
}

const AGGREGATE =
  /\b(sum|count|avg|min|max|bool_and|bool_or|every|array_agg|string_agg|json_agg|jsonb_agg|json_object_agg|jsonb_object_agg)\s*\(|\bgroup\s+by\b|\bhaving\b|\bover\s*\(/i

/**
 * An effect reads only the row it changes. A sum over rows in its statement would be a guard that
 * another book writer's batch can pass at the same time; such sums are ledger accounts.
 */
export const effectGuards: Check = {
  name: 'effect guards',
  files: (tree) => tree.paths.filter((path) => path.startsWith('server/src/') && isCode(path)),
  run: (tree, paths) =>
    paths.flatMap((path) => {
      const source = tree.source(path)
      const findings: Finding[] = []
      walkNodes(source, (node) => {
        if (!ts.isObjectLiteralExpression(node) || !isEffect(node)) return
        const sql = property(node, 'sql')!
        const text = resolveText(source, sql)
        if (text === undefined) {
          findings.push(at(source, sql, 'Write the statement of an effect out in this file.'))
          return
        }
        const found = AGGREGATE.exec(withoutSqlComments(text))
        if (!found) return
        const says = `An effect may read only the row it changes; "${found[0].trim()}" reads several. Keep the sum in a ledger account.`
        findings.push(at(source, sql, says))
      })
      return findings
    }),
}

/** An object typed `Effect<…>`, or one with the three parts only effects have. */
function isEffect(node: ts.ObjectLiteralExpression): boolean {
  if (property(node, 'sql') === undefined) return false
  const { parent } = node
  const typed =
    (ts.isVariableDeclaration(parent) ||
      ts.isSatisfiesExpression(parent) ||
      ts.isAsExpression(parent)) &&
    parent.type?.getText().startsWith('Effect<') === true
  return typed || (property(node, 'columns') !== undefined && property(node, 'key') !== undefined)
}

function property(node: ts.ObjectLiteralExpression, name: string): ts.Node | undefined {
  for (const each of node.properties) {
    if (each.name === undefined || !ts.isIdentifier(each.name) || each.name.text !== name) continue
    return ts.isPropertyAssignment(each) ? each.initializer : each
  }
  return undefined
}

/** The text of an expression: a literal, a sum of them, or the name of a constant of this file. */
function resolveText(source: ts.SourceFile, node: ts.Node): string | undefined {
  const text = textOf(node)
  if (text !== undefined) return text + constantsIn(source, node)
  if (ts.isBinaryExpression(node)) {
    const [left, right] = [resolveText(source, node.left), resolveText(source, node.right)]
    return left === undefined || right === undefined ? undefined : left + right
  }
  const name = ts.isShorthandPropertyAssignment(node)
    ? node.name.text
    : ts.isIdentifier(node)
      ? node.text
      : ''
  return name === '' ? undefined : constant(source, name)
}

/** The constants a template fills in; what it takes from elsewhere cannot be seen and is let pass. */
function constantsIn(source: ts.SourceFile, node: ts.Node): string {
  if (!ts.isTemplateExpression(node)) return ''
  return node.templateSpans
    .map((span) => resolveText(source, span.expression) ?? '')
    .map((text) => ` ${text}`)
    .join('')
}

function constant(source: ts.SourceFile, name: string): string | undefined {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue
    for (const each of statement.declarationList.declarations) {
      if (ts.isIdentifier(each.name) && each.name.text === name && each.initializer) {
        return resolveText(source, each.initializer)
      }
    }
  }
  return undefined
}
