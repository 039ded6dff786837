/**
 * The files that are generated, and how. Whoever makes a further one adds a line to the list.
 *
 * A generated file is committed, so that a reviewer sees what a change does to it; the check compares
 * it with what would be generated now.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import pg from 'pg'
import { configReference, migrate, type SettingsTable } from '../../server/src/base/index.ts'
import { moduleMap } from '../../server/src/map.ts'
import { startThrowawayCluster } from '../../server/testing/throwaway.ts'
import {
  CHECKSUMS,
  editedMigrations,
  migrationChecksum,
  recordedChecksums,
} from '../tidy/checks/migrations.ts'
import { REFUSALS_FILE, refusalRows } from '../tidy/checks/tests.ts'
import { MIGRATION } from '../tidy/sql.ts'
import { isCode, readTree } from '../tidy/tree.ts'
import { generateEventTypes } from './events.ts'
import { generateClientTypes, generateOpenApi } from './openapi.ts'
import { generateSchema } from './schema.ts'

export interface GeneratedFile {
  /** From the root of the checkout. */
  readonly path: string
  generate(): Promise<string>
}

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'server/schema.sql', generate: schema },
  { path: CHECKSUMS, generate: async () => checksums(ROOT) },
  { path: 'docs/reference/openapi.json', generate: generateOpenApi },
  {
    path: 'sdk/openapi.ts',
    generate: async () => generateClientTypes(await generateOpenApi()),
  },
  { path: 'sdk/events.ts', generate: generateEventTypes },
  { path: 'docs/reference/refusals.md', generate: async () => refusals() },
  { path: 'docs/reference/config.md', generate: config },
  { path: 'docs/reference/modules.md', generate: async () => modules() },
]

/** The whole database as the migrations make it, on a cluster of its own. */
async function schema(): Promise<string> {
  const cluster = await startThrowawayCluster()
  try {
    const name = `golden_${randomBytes(4).toString('hex')}`
    const admin = new pg.Client(cluster.url)
    await admin.connect()
    await admin.query(`create database ${name}`)
    await admin.end()
    const url = new URL(cluster.url)
    url.pathname = `/${name}`
    await migrate({ url: url.href })
    return await generateSchema(url.href)
  } finally {
    await cluster.stop()
  }
}

/** The record of migrations. It only grows: a migration that was edited must not slip in here. */
export function checksums(root: string): string {
  const tree = readTree(root, moduleMap)
  const edited = editedMigrations(tree)
  if (edited.length > 0) {
    throw new Error(
      `${edited.join(', ')} changed after landing. Put the text back and write a new migration; ` +
        `if it never ran anywhere, take its line out of ${CHECKSUMS} first.`,
    )
  }
  const list: Record<string, string> = { ...recordedChecksums(tree) }
  for (const path of tree.paths.filter((each) => MIGRATION.test(each))) {
    list[path.slice(path.lastIndexOf('/') + 1)] = migrationChecksum(tree.text(path))
  }
  const sorted = Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`
}

/** Every refusal of every module, from their tables. */
function refusals(): string {
  const tree = readTree(ROOT, moduleMap)
  const files = tree.paths.filter(
    (path) => path.startsWith('server/src/') && isCode(path) && REFUSALS_FILE.test(path),
  )
  const parts = [
    '# Refusals',
    '',
    'Generated from the tables in `refusals.ts` of each module. The order is the order of the checks.',
    'Words in braces are filled in.',
  ]
  for (const path of files) {
    const rows = refusalRows(tree, path)
    if (rows.length === 0) throw new Error(`${path} holds no table of refusals.`)
    const title = path.replace(/^server\/src\//, '').replace(/\/?-?refusals\.ts$/, '')
    parts.push(
      '',
      `## ${title.replace('/', ': ')}`,
      '',
      '| Code | HTTP | What to do |',
      '|---|---|---|',
    )
    for (const { code, http, says } of rows) {
      parts.push(`| \`${code}\` | ${http ?? ''} | ${says.replaceAll('|', '\\|')} |`)
    }
  }
  return `${parts.join('\n')}\n`
}

/** Every setting: all tables of settings that the modules' doors export. */
async function config(): Promise<string> {
  const table: Record<string, SettingsTable[string]> = {}
  const tree = readTree(ROOT, moduleMap)
  const doors = Object.keys(moduleMap).map((name) => `server/src/${name}/index.ts`)
  for (const door of doors.filter(tree.has)) {
    const exported = (await import(pathToFileURL(join(ROOT, door)).href)) as Record<string, unknown>
    for (const [key, value] of Object.entries(exported)) {
      if (!key.endsWith('Settings') || typeof value !== 'object' || value === null) continue
      for (const setting of Object.values(value as SettingsTable)) table[setting.name] = setting
    }
  }
  return configReference(table)
}

/** The module map as a table and a drawing. */
function modules(): string {
  const names = Object.keys(moduleMap)
  const rows = names.map((name) => {
    const { uses, money } = moduleMap[name]!
    const list = uses.map((use) => `\`${use}\``).join(', ')
    return `| \`${name}\` | ${list || '—'} | ${money === true ? 'yes' : 'no'} |`
  })
  const arrows = names.flatMap((name) => moduleMap[name]!.uses.map((use) => `  ${name} --> ${use}`))
  return [
    '# Modules',
    '',
    'Generated from `server/src/map.ts`, low to high. `main.ts` may import all of them.',
    '',
    '| Module | Uses | Rows belong to books |',
    '|---|---|---|',
    ...rows,
    '',
    '```mermaid',
    'graph TD',
    ...arrows,
    '```',
    '',
  ].join('\n')
}
