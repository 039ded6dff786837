/**
 * Writes a checkpoint each minute in which a chain moved. Of many servers one writes at a time, held
 * together by a lock in the database; they should share one folder, or verification needs all of them.
 *
 * The line is on the disk before the database notes it. After a crash between the two the file is one
 * line ahead, and the next checkpoint goes on from there. The easy mistake: the business clock, which
 * tests and the sandbox move. Checkpoints are on the wall clock.
 */
import type { KeyObject } from 'node:crypto'
import type { Clock, Db, Instant, Journal, Log, Tx } from '#base'
import type { BookHead } from './checkpoint.ts'
import { headsRoot, lineHash, NO_LINE, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { lockCheckpoints, noteCheckpoint, readHeads, readNote } from './store.ts'

export interface CheckpointerOptions {
  readonly db: Db
  /** The wall clock. */
  readonly clock: Clock
  readonly log: Log
  /** The private key, see `loadCheckpointKey`. */
  readonly key: KeyObject
  readonly journal: Journal
  /** A second place for the same lines, such as a mounted folder of another machine. */
  readonly witness?: Journal
  readonly everyMs?: number
}

export interface Checkpointer {
  /** Writes a checkpoint if a chain has moved and no other server is at it. Whether it did. */
  once(): Promise<boolean>
  /** Writes them until `stop`. Survives the loss of the database and of the disk. */
  run(): Promise<void>
  stop(): Promise<void>
}

/** What the files say, as far as this server knows them. */
interface Known {
  readonly n: number
  readonly hash: string
  /** The last file. */
  readonly file: string
  readonly heads: ReadonlyMap<number, BookHead>
}

const EVERY_MS = 60_000

export function createCheckpointer(options: CheckpointerOptions): Checkpointer {
  const { db, clock, log, everyMs = EVERY_MS } = options
  let known: Known | undefined
  let isWitnessed = false
  let loop: Promise<void> | undefined
  const stopping = new AbortController()

  const once = async (): Promise<boolean> => {
    const before = known
    // Forgotten until the tx has ended well: else the files are read again.
    known = undefined
    const made = await db.tx((tx) => checkpoint(tx, options, before))
    if (made === 'busy') return false
    const { line, ...rest } = made
    known = rest
    const lines = line === undefined ? [] : [line]
    isWitnessed = await witness(options, rest.file, isWitnessed ? lines : undefined)
    return line !== undefined
  }

  return {
    once,
    run: () => {
      loop ??= (async () => {
        while (!stopping.signal.aborted) {
          await once().catch((error: unknown) => {
            log.error({ error }, 'no audit checkpoint could be written; trying again')
          })
          await clock.sleep(everyMs, 'audit checkpoints', stopping.signal)
        }
      })()
      return loop
    },
    stop: async () => {
      stopping.abort()
      await loop
    },
  }
}

interface Made extends Known {
  /** Absent when only the note in the database lagged behind. */
  readonly line?: string
}

async function checkpoint(
  tx: Tx,
  { clock, log, key, journal }: CheckpointerOptions,
  cached: Known | undefined,
): Promise<Made | 'busy'> {
  if (!(await lockCheckpoints(tx))) return 'busy'
  const heads = new Map((await readHeads(tx)).map((head) => [head.book, head]))
  const note = await readNote(tx)
  // Another server may have written to the same files meanwhile.
  const isFresh = cached?.n === note.n && cached.hash === note.hash
  const known = isFresh ? cached : goOnFrom(await readKnown(journal), note, log)
  const moved = [...heads.values()].filter((head) => !isSame(known.heads.get(head.book), head))
  const back = isBack(known, heads, log)
  if (!back && moved.length === 0) {
    if (known.n > note.n) await noteCheckpoint(tx, known, clock.now())
    return known
  }
  const at = clock.now()
  const file = laterOf(known.file, fileOf(at))
  const whole = back || file !== known.file || known.heads.size === 0
  const content = { n: known.n + 1, at, previous: known.hash, root: headsRoot(heads.values()) }
  const line = writeCheckpoint(
    { ...content, whole, heads: whole ? [...heads.values()] : moved },
    key,
  )
  await journal.append(file, [line])
  const made = { n: content.n, hash: lineHash(line), file, heads, line }
  await noteCheckpoint(tx, made, at)
  return made
}

/** Where the next line goes on: behind the file's last, or behind the one the database remembers. */
function goOnFrom(before: Known, note: { n: number; hash: string }, log: Log): Known {
  const fields = { file: before.n, database: note.n }
  if (before.n > note.n + 1) {
    log.error(fields, 'the database has forgotten audit checkpoints: was it restored or set back?')
  }
  if (before.n === note.n && before.hash !== note.hash) {
    log.error(fields, 'the last audit checkpoint is not the one the database remembers')
  }
  if (before.n >= note.n) return before
  log.warn(fields, 'the last audit checkpoints are in another folder, or their file was cut')
  return { ...note, file: before.file, heads: new Map() }
}

/** Whether a chain is shorter than it was, or gone, or another one: nothing of ours does that. */
function isBack(known: Known, heads: ReadonlyMap<number, BookHead>, log: Log): boolean {
  const back = [...known.heads.values()].filter((head) => {
    const now = heads.get(head.book)
    return now === undefined || now.seq < head.seq || (now.seq === head.seq && !isSame(now, head))
  })
  for (const { book, seq } of back) {
    log.error(
      { book, seq },
      'an audit chain went back behind its checkpoint; run tenon audit verify',
    )
  }
  return back.length > 0
}

/** Brings the witness up to date. Whether it has everything now. */
async function witness(
  { journal, witness: second, log }: CheckpointerOptions,
  file: string,
  lines: readonly string[] | undefined,
): Promise<boolean> {
  if (second === undefined) return true
  try {
    if (lines !== undefined) {
      if (lines.length > 0) await second.append(file, lines)
      return true
    }
    const has = new Set(await second.names())
    const last = [...has].at(-1) ?? ''
    for (const name of (await journal.names()).filter((each) => each >= last || !has.has(each))) {
      const [ours, theirs] = [await journal.lines(name), await second.lines(name)]
      if (theirs.some((line, at) => line !== ours[at])) {
        log.error({ file: name }, 'the witness holds other audit checkpoints than our own folder')
        return false
      }
      if (ours.length > theirs.length) await second.append(name, ours.slice(theirs.length))
    }
    return true
  } catch (error) {
    log.error({ error }, 'the witness of audit checkpoints could not be written; trying again')
    return false
  }
}

async function readKnown(journal: Journal): Promise<Known> {
  const file = (await journal.names()).at(-1)
  if (file === undefined) return { n: 0, hash: NO_LINE, file: '', heads: new Map() }
  const lines = await journal.lines(file)
  const heads = new Map<number, BookHead>()
  let isKnown = false
  for (const line of lines) {
    const read = readCheckpoint(line)
    if (read?.whole === true) heads.clear()
    isKnown = read !== undefined && (isKnown || read.whole)
    for (const head of read?.heads ?? []) heads.set(head.book, head)
  }
  const last = lines.at(-1)
  const n = last === undefined ? undefined : readCheckpoint(last)?.n
  if (last === undefined || n === undefined) return { n: 0, hash: NO_LINE, file, heads: new Map() }
  return { n, hash: lineHash(last), file, heads: isKnown ? heads : new Map() }
}

const isSame = (one: BookHead | undefined, other: BookHead) =>
  one?.seq === other.seq && Buffer.compare(one.hash, other.hash) === 0

const laterOf = (one: string, other: string) => (one > other ? one : other)

/** `20260302.jsonl`, by the day in UTC. */
function fileOf(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 10).replaceAll('-', '')}.jsonl`
}
