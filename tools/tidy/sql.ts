/** SQL in our files: the statements inside TypeScript, and the tables the migrations make. */
import ts from 'typescript'
import { type Tree, walkNodes } from './tree.ts'

export interface SqlText {
  readonly path: string
  readonly node: ts.Node
  /** The text with comments blanked out; what is filled in at run time reads `$$`. */
  readonly sql: string
}

/** A statement's opening words in lower case, or in capitals; prose begins with one capital. */
const OPENINGS = [
  /^(?:with\s+(?:recursive\s+)?[a-z_$]+\s*(?:\([^)]*\)\s*)?as\s)/,
  /^select\s[\s\S]*?(?:\sfrom\s|\(|\$\d)/,
  /^select\s+(?:\d|'|\$\$)/,
  /^insert\s+into\s/,
  /^update\s[\s\S]*?\sset\s/,
  /^delete\s+from\s/,
  /^merge\s+into\s/,
  /^truncate\s/,
  /^copy\s+\S+\s+(?:from|to)\s/,
  /^lock\s+table\s/,
  /^(?:create|drop|alter)\s+(?:or\s+replace\s+|unique\s+|global\s+|temp(?:orary)?\s+)*(?:table|index|schema|role|database|view|function|trigger|sequence|system|publication|type|extension)\b/,
]

/** Whether a text is an SQL statement, or several. */
export function looksLikeSql(text: string): boolean {
  const bare = withoutSqlComments(text).trimStart()
  const capitals = /^[A-Z]{4,}\s/.test(bare)
  const lower = capitals ? bare.toLowerCase() : bare
  return OPENINGS.some((opening) => opening.test(lower))
}

/** The text with comments replaced by blanks, so that offsets stay. */
export function withoutSqlComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, ' ')
  return text.replace(/--[^\n]*/g, blank).replace(/\/\*[\s\S]*?\*\//g, blank)
}

/** Every SQL statement written as a string or template in a file. */
export function sqlIn(tree: Tree, path: string): SqlText[] {
  const found: SqlText[] = []
  walkNodes(tree.source(path), (node) => {
    const text = textOf(node)
    if (text !== undefined && looksLikeSql(text)) {
      found.push({ path, node, sql: withoutSqlComments(text) })
    }
  })
  return found
}

/** The text of a string or template literal; `$$` stands for what a template fills in. */
export function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (!ts.isTemplateExpression(node)) return undefined
  return node.head.text + node.templateSpans.map((span) => `$$${span.literal.text}`).join('')
}

export interface Table {
  readonly schema: string
  readonly name: string
  readonly path: string
  /** Offset of the name in the migration. */
  readonly offset: number
  readonly columns: readonly string[]
  /** Columns of the primary key and of every unique constraint and index. */
  readonly keys: { readonly columns: readonly string[]; readonly what: string; offset: number }[]
  readonly references: { readonly columns: readonly string[]; to: string; offset: number }[]
  /** The table says of itself that it is no money table: `-- reference: why`. */
  readonly reference: boolean
  /** It says of itself that its rows belong to no organisation: `-- no org_id: why`. */
  readonly withoutOrg: boolean
}

export const MIGRATION = /^server\/migrations\/[^/]+\.sql$/

/** The tables of all migrations together, with the keys later migrations add or take away. */
export function tablesOf(tree: Tree): Map<string, Table> {
  const tables = new Map<string, Table>()
  for (const path of tree.paths.filter((each) => MIGRATION.test(each))) {
    const raw = tree.text(path)
    const sql = withoutSqlComments(raw)
    for (const match of sql.matchAll(
      /\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?([a-z_]+)\.([a-z_0-9]+)\s*(\(|partition\s+of)/g,
    )) {
      if (match[3] !== '(') continue
      const [schema, name] = [match[1]!, match[2]!]
      const open = match.index + match[0].length - 1
      const offset = match.index + match[0].indexOf(`${schema}.`)
      const before = raw.slice(0, match.index).trimEnd().split('\n')
      const above = commentAbove(before)
      const reference = above.some((line) => /^--\s*reference: \S/.test(line))
      const withoutOrg = above.some((line) => /^--\s*no org_id: \S/.test(line))
      const table: Table = {
        schema,
        name,
        path,
        offset,
        reference,
        withoutOrg,
        columns: [],
        keys: [],
        references: [],
      }
      readColumns(table, sql, open)
      tables.set(`${schema}.${name}`, table)
    }
    addLater(tables, sql, path)
  }
  return tables
}

function commentAbove(lines: string[]): string[] {
  const comment: string[] = []
  for (const line of [...lines].reverse()) {
    if (!line.startsWith('--')) break
    comment.push(line)
  }
  return comment
}

function readColumns(table: Table, sql: string, open: number): void {
  const close = closing(sql, open)
  const columns = table.columns as string[]
  for (const { text, offset } of topLevelParts(sql.slice(open + 1, close), open + 1)) {
    const bare = text.replace(/^constraint\s+\w+\s+/, '')
    const key = /^(primary key|unique|exclude)\b[^(]*\(([^)]*)\)/.exec(bare)
    const foreign = /^foreign key\s*\(([^)]*)\)\s*references\s+([\w.]+)/.exec(bare)
    if (key) {
      table.keys.push({ columns: names(key[2]!), what: key[1]!, offset })
    } else if (foreign) {
      table.references.push({ columns: names(foreign[1]!), to: foreign[2]!, offset })
    } else if (!/^(?:check|like|exclude)\b/.test(bare)) {
      const column = /^"?(\w+)"?/.exec(bare)?.[1] ?? ''
      columns.push(column)
      const inline = /\s(primary key|unique)\b/.exec(bare)
      if (inline) table.keys.push({ columns: [column], what: inline[1]!, offset })
      const to = /\sreferences\s+([\w.]+)/.exec(bare)?.[1]
      if (to) table.references.push({ columns: [column], to, offset })
    }
  }
}

/** Unique indexes, and keys and columns that `alter table` adds. */
function addLater(tables: Map<string, Table>, sql: string, path: string): void {
  const indexes =
    /\bcreate\s+unique\s+index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?\w*\s*on\s+(?:only\s+)?([\w.]+)[^(;]*\(([^;]*?)\)\s*(?:;|include|where|with|nulls)/g
  for (const match of sql.matchAll(indexes)) {
    const columns = names(match[2]!)
    const offset = match.index
    tables.get(match[1]!)?.keys.push({ columns, what: `unique index in ${path}`, offset })
  }
  const alters = /\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?([\w.]+)([^;]*);/g
  for (const match of sql.matchAll(alters)) {
    const table = tables.get(match[1]!)
    if (table === undefined) continue
    for (const key of match[2]!.matchAll(
      /\badd\s+(?:constraint\s+\w+\s+)?(primary key|unique)\s*\(([^)]*)\)/g,
    )) {
      table.keys.push({
        columns: names(key[2]!),
        what: `${key[1]} added in ${path}`,
        offset: match.index,
      })
    }
    for (const column of match[2]!.matchAll(
      /\badd\s+column\s+(?:if\s+not\s+exists\s+)?(\w+)([^,]*)/g,
    )) {
      ;(table.columns as string[]).push(column[1]!)
      const inline = /\s(primary key|unique)\b/.exec(column[2]!)
      if (inline) table.keys.push({ columns: [column[1]!], what: inline[1]!, offset: match.index })
    }
  }
}

function names(list: string): string[] {
  return topLevelParts(list, 0).map(({ text }) => text.replace(/"/g, '').split(/\s/)[0]!)
}

function closing(sql: string, open: number): number {
  let depth = 0
  for (let i = open; i < sql.length; i += 1) {
    if (sql[i] === '(') depth += 1
    if (sql[i] === ')') depth -= 1
    if (depth === 0) return i
  }
  return sql.length
}

/** The parts between commas that stand in no brackets, with their offsets. */
function topLevelParts(text: string, start: number): { text: string; offset: number }[] {
  const parts: { text: string; offset: number }[] = []
  let depth = 0
  let from = 0
  for (let i = 0; i <= text.length; i += 1) {
    if (text[i] === '(') depth += 1
    if (text[i] === ')') depth -= 1
    if (i < text.length && !(text[i] === ',' && depth === 0)) continue
    const part = text.slice(from, i)
    const blank = part.length - part.trimStart().length
    if (part.trim() !== '') {
      parts.push({
        text: part.trim().replace(/\s+/g, ' ').toLowerCase(),
        offset: start + from + blank,
      })
    }
    from = i + 1
  }
  return parts
}
