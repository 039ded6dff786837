/**
 * The codes of an installation: those of the files, overlaid by what people published since. Kept in
 * memory and read again when another server has published; a classification stores nothing but
 * itself, because whoever counts by cause asks for the cause when he counts.
 */
import type { World } from '#base'
import type { Cause, Certainty, Classification, CodeKey, Retry } from './classification.ts'
import { type CodeRow, type RowFault, rowFaults, type Text } from './code-row.ts'
import { type Codes, createCodes, type ListsOfChannels } from './codes.ts'
import type { Direction } from './direction.ts'
import type { CodeSet } from './read-codes.ts'
import type { CodeProblemCode } from './refusals.ts'
import {
  type InboxItem,
  insertVersion,
  listInbox,
  newestVersion,
  publishedRows,
  wasMet,
} from './store.ts'

/** What a person says of a code. Texts are the reason's own when absent. */
export interface LaterClassification {
  readonly channel: string
  readonly direction: Direction | 'any'
  readonly code: string
  readonly cause?: Cause
  readonly reason: string
  readonly certainty: Certainty
  readonly retry: Retry
  readonly text?: Text
  readonly note?: string
}

export type Classified =
  | { readonly version: number; readonly classification: Classification }
  | { readonly refused: CodeProblemCode }
  | { readonly faults: readonly RowFault[] }

export interface CodeTable {
  /** The codes as last read. */
  current(): Codes
  /** The codes as the database has them now. */
  refresh(): Promise<Codes>
  /** The codes as they were at a published version; 0 is the files alone. */
  at(version: number): Promise<Codes>
  /** Publishes a version in which the code means this. */
  classifyLater(of: LaterClassification, by: string): Promise<Classified>
  /** Unmapped codes, the most frequent first; with `all` those classified since, too. */
  inbox(options?: { all?: boolean; limit?: number }): Promise<InboxItem[]>
  /** Whether an attempt ended with the code while it was unmapped. */
  wasMet(key: CodeKey): Promise<boolean>
}

/** Reads what was published. The caller reads the files: `readCodes`. */
export async function openCodeTable(
  world: Pick<World, 'db' | 'clock'>,
  files: CodeSet,
  lists: ListsOfChannels = {},
): Promise<CodeTable> {
  const { db, clock } = world
  const at = async (version: number): Promise<Codes> =>
    createCodes({
      rows: [...files.rows, ...(version === 0 ? [] : await publishedRows(db, version))],
      version: `${files.version}+${version}`,
      lists,
    })
  let number = await newestVersion(db)
  let codes = await at(number)
  const refresh = async (): Promise<Codes> => {
    const newest = await newestVersion(db)
    if (newest !== number) {
      codes = await at(newest)
      number = newest
    }
    return codes
  }
  return {
    current: () => codes,
    refresh,
    at,
    inbox: ({ all = false, limit = 100 } = {}) => listInbox(db, { all, limit }),
    wasMet: (key) => wasMet(db, key),
    classifyLater: async (of, by) => {
      const row = rowOf(files, lists, of)
      const faults = rowFaults({ ...row, cause: row.cause ?? '' })
      if (faults.length > 0) return { faults }
      await refresh()
      const others = Object.keys(lists).filter((channel) => lists[channel] === row.list)
      const channels = [row.list, ...others]
      const note = of.note ?? ''
      const made = await publish(db, { at: clock.now(), by, note, row, channels })
      if (made === undefined) return { refused: 'versions_collided' }
      const direction = of.direction === 'any' ? 'collect' : of.direction
      const key = { channel: of.channel, direction, code: of.code }
      return { version: made, classification: (await refresh()).classify(key) }
    },
  }
}

function rowOf(files: CodeSet, lists: ListsOfChannels, of: LaterClassification): CodeRow {
  const list = lists[of.channel] ?? of.channel
  const text = of.text ?? files.textOf(of.reason, of.direction) ?? { zh: '', en: '' }
  return {
    ...{ list, direction: of.direction, code: of.code, reason: of.reason, text },
    ...(of.cause !== undefined && { cause: of.cause }),
    ...{ certainty: of.certainty, retry: of.retry },
  }
}

const UNIQUE_VIOLATION = '23505'

/** The new version's number; `undefined` when another took it at the same moment. */
async function publish(
  db: World['db'],
  of: Parameters<typeof insertVersion>[1],
): Promise<number | undefined> {
  try {
    return await db.tx((tx) => insertVersion(tx, of))
  } catch (error) {
    if ((error as { code?: string }).code === UNIQUE_VIOLATION) return undefined
    throw error
  }
}
