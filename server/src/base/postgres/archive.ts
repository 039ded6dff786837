/**
 * A backup folder:
 *
 *   archive.json                        whose backup this is
 *   wal/                                every finished WAL segment since the first backup
 *   base-20260102T030405Z/manifest.json when it was taken, and each file's SHA-256
 *                        /credentials.json, data/
 *
 * A base copy under its final name is whole. Any base copy and the WAL after it bring back any time
 * from the end of the copy on.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CopiedFile } from './copy.ts'
import { PostgresProblem } from './problem.ts'

export interface Manifest {
  readonly format: 1
  readonly systemIdentifier: string
  /** For example 18. */
  readonly majorVersion: number
  readonly walSegmentSize: number
  /** RFC 3339 in UTC, by the server's clock. */
  readonly startedAt: string
  readonly endedAt: string
  readonly startLsn: string
  readonly stopLsn: string
  readonly startSegment: string
  readonly stopSegment: string
  readonly folders: readonly string[]
  readonly files: Readonly<Record<string, CopiedFile>>
}

export interface BaseCopy {
  readonly folder: string
  readonly manifest: Manifest
}

export function walFolder(backupFolder: string): string {
  return join(backupFolder, 'wal')
}

/** The whole base copies of a backup folder, oldest first. */
export async function baseCopies(backupFolder: string): Promise<BaseCopy[]> {
  const names = await readdir(backupFolder).catch((error: NodeJS.ErrnoException) => {
    throw new PostgresProblem(
      'bad_backup',
      `The backup folder ${backupFolder} cannot be read (${error.code}). Name one written by "tenon backup".`,
    )
  })
  const copies: BaseCopy[] = []
  for (const name of names.filter((candidate) => /^base-\d{8}T\d{6}Z$/.test(candidate)).sort()) {
    const folder = join(backupFolder, name)
    const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => '')
    if (text === '') continue
    copies.push({ folder, manifest: JSON.parse(text) as Manifest })
  }
  if (copies.length > 0) return copies
  throw new PostgresProblem(
    'bad_backup',
    `${backupFolder} holds no complete base copy. Name a folder written by "tenon backup".`,
  )
}

/**
 * The shell command by which the server archives a segment: copy under another name, sync, rename,
 * sync the folder. A segment that is there already must be the same, or archiving stops: two servers
 * writing into one archive would destroy both.
 */
export function archiveCommand(wal: string): string {
  const folder = shellQuoted(wal)
  return (
    `if test -f ${folder}/%f; then cmp -s "%p" ${folder}/%f; else ` +
    `cp "%p" ${folder}/.%f.part && sync ${folder}/.%f.part && ` +
    `mv ${folder}/.%f.part ${folder}/%f && sync ${folder}; fi`
  )
}

/** The shell command by which a recovering server fetches a segment. */
export function restoreCommand(wal: string): string {
  return `cp ${shellQuoted(wal)}/%f "%p"`
}

/** For `sh`, inside a PostgreSQL setting, where `%` would begin a placeholder. */
function shellQuoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`).replaceAll('%', '%%')}'`
}

const SEGMENT = /^[0-9A-F]{24}$/

/** The segment that follows on the same timeline. */
export function nextSegment(name: string, segmentSize: number): string {
  const perLog = 0x1_0000_0000 / segmentSize
  const number = parseInt(name.slice(8, 16), 16) * perLog + parseInt(name.slice(16), 16) + 1
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0')
  return name.slice(0, 8) + hex(Math.floor(number / perLog)) + hex(number % perLog)
}

/**
 * The first segment missing between the base copy's start and the archive's newest on that timeline.
 * Recovery would take such a gap for the end of the archive.
 */
export async function firstGap(
  backupFolder: string,
  { startSegment, stopSegment, walSegmentSize }: Manifest,
): Promise<string | undefined> {
  const names = await readdir(walFolder(backupFolder)).catch(() => [])
  const timeline = startSegment.slice(0, 8)
  const found = new Set(names.filter((name) => SEGMENT.test(name) && name.startsWith(timeline)))
  const newest = [...found, stopSegment].sort().at(-1) ?? stopSegment
  for (let name = startSegment; name <= newest; name = nextSegment(name, walSegmentSize)) {
    if (!found.has(name)) return name
  }
  return undefined
}
