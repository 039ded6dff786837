/** Migrations run once, in order, and are never edited after they landed. */
import { createHash } from 'node:crypto'
import { MIGRATION } from '../sql.ts'
import type { Check, Finding, Tree } from '../tree.ts'

export const CHECKSUMS = 'server/migrations/checksums.json'

/** The same text that the migration runner hashes: line ends of any kind, no blanks around. */
export function migrationChecksum(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n').trim()).digest('hex')
}

/** The checksums on record, and what is wrong with the list itself. */
export function recordedChecksums(tree: Tree): Record<string, string> {
  if (!tree.has(CHECKSUMS)) return {}
  const list: unknown = JSON.parse(tree.text(CHECKSUMS))
  return typeof list === 'object' && list !== null ? (list as Record<string, string>) : {}
}

/** Migrations whose text is no longer the one on record. */
export function editedMigrations(tree: Tree): string[] {
  return Object.entries(recordedChecksums(tree))
    .filter(([name, sha256]) => {
      const path = `server/migrations/${name}`
      return !tree.has(path) || migrationChecksum(tree.text(path)) !== sha256
    })
    .map(([name]) => name)
}

export const migrations: Check = {
  name: 'migrations',
  files: (tree) => tree.paths.filter((path) => MIGRATION.test(path)),
  run: (tree, paths) => {
    const findings: Finding[] = []
    const recorded = recordedChecksums(tree)
    const numbers = new Map<string, string>()
    const says = (path: string, text: string) => findings.push({ path, line: 1, says: text })
    for (const path of paths) {
      const name = path.slice(path.lastIndexOf('/') + 1)
      const module = /^\d{4}-([a-z]+)-[a-z0-9-]+\.sql$/.exec(name)?.[1]
      if (module === undefined || !(module in tree.map)) {
        says(path, 'Name a migration NNNN-module-what.sql, after a module of the map.')
      }
      const other = numbers.get(name.slice(0, 4))
      if (other !== undefined) says(path, `${other} has the same number; take the next one.`)
      numbers.set(name.slice(0, 4), name)
      if (!/^-- \S/.test(tree.text(path)))
        says(path, 'Say in a comment on the first line why it is there.')
      if (!(name in recorded)) says(path, 'Run npm run golden: the migration is not on record yet.')
    }
    for (const name of editedMigrations(tree)) {
      says(
        `server/migrations/${name}`,
        'This migration was edited or removed after it landed; put it back and write a new one.',
      )
    }
    return findings
  },
}
