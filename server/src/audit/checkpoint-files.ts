/**
 * The files of checkpoints told again: signatures, order, and what each says of the chains. What is
 * not signed by a known key says nothing, and is a finding.
 *
 * Several folders may be given, such as a witness, or those of servers that share none: together
 * they must hold every checkpoint, and where two hold the same one it must be the same.
 */
import type { Instant, Journal } from '#base'
import type { Mark } from './chain.ts'
import {
  type BookHead,
  type Checkpoint,
  headsRoot,
  lineHash,
  NO_LINE,
  readCheckpoint,
} from './checkpoint.ts'
import type { Finding } from './findings.ts'
import type { CheckpointNote } from './store.ts'

export interface CheckpointReport {
  readonly checkpoints: number
  readonly last?: Checkpoint
  /** Where each chain stood at the checkpoints, by book, in the order of the numbers. */
  readonly marks: ReadonlyMap<number, readonly Mark[]>
  /** With `since`: where each chain stood at the last checkpoint before it. */
  readonly trusted: ReadonlyMap<number, BookHead>
  readonly findings: readonly Finding[]
}

interface Read extends Checkpoint {
  readonly hash: string
  readonly place: string
}

export interface CheckpointSource {
  readonly journals: readonly Journal[]
  /** Public keys that may have signed, 32 bytes in base64. */
  readonly keys: readonly string[]
  /** What the database remembers, read before the files. */
  readonly note: CheckpointNote
  /** The same, to be read after the files. */
  readonly noteAfter: () => Promise<CheckpointNote>
  /** Findings and marks of checkpoints before this instant are left out. */
  readonly since?: Instant
}

/** Verifies the files. */
export async function verifyCheckpoints(source: CheckpointSource): Promise<CheckpointReport> {
  const { journals, note, since } = source
  const findings: Finding[] = []
  const read: Read[] = []
  for (const journal of journals) read.push(...(await readJournal(journal, source, findings)))
  const inOrder = joinFolders(read, findings)
  checkOrder(inOrder, findings)
  checkNote(inOrder, note, await source.noteAfter(), findings)
  const { marks, trusted } = checkHeads(inOrder, findings, since)
  const last = inOrder.at(-1)
  const first = inOrder.find((each) => since === undefined || each.at >= since)?.n ?? Infinity
  return {
    checkpoints: inOrder.filter(({ n }) => n >= first).length,
    ...{ marks, trusted },
    findings: findings.filter((each) => since === undefined || each.to >= first),
    ...(last && { last }),
  }
}

/** The signed lines of one folder, each of which must be later than those before it. */
async function readJournal(
  journal: Journal,
  { keys }: CheckpointSource,
  findings: Finding[],
): Promise<Read[]> {
  const read: Read[] = []
  for (const name of await journal.names()) {
    for (const [index, line] of (await journal.lines(name)).entries()) {
      const place = `${journal.place}/${name}, line ${index + 1}`
      const checkpoint = readCheckpoint(line)
      const expected = (read.at(-1)?.n ?? 0) + 1
      if (checkpoint === undefined) {
        findings.push(finding('checkpoint_forged', expected, expected, place))
      } else if (!keys.includes(checkpoint.key)) {
        const detail = `${place}: signed by the unknown key ${checkpoint.key}`
        findings.push(finding('checkpoint_forged', checkpoint.n, checkpoint.n, detail))
      } else {
        if (checkpoint.n < expected) {
          findings.push(finding('checkpoint_reordered', checkpoint.n, checkpoint.n, place))
        }
        read.push({ ...checkpoint, hash: lineHash(line), place })
      }
    }
  }
  return read
}

function joinFolders(read: readonly Read[], findings: Finding[]): Read[] {
  const byNumber = new Map<number, Read>()
  for (const each of read) {
    const other = byNumber.get(each.n)
    if (other === undefined) byNumber.set(each.n, each)
    else if (other.hash !== each.hash) {
      const detail = `${other.place} and ${each.place} differ`
      findings.push(finding('checkpoint_forged', each.n, each.n, detail))
    }
  }
  return [...byNumber.values()].sort((a, b) => a.n - b.n)
}

/** Each line names the one before it, from the first on. */
function checkOrder(inOrder: readonly Read[], findings: Finding[]): void {
  let before = { n: 0, hash: NO_LINE }
  for (const each of inOrder) {
    if (each.n > before.n + 1) {
      findings.push(finding('checkpoint_missing', before.n + 1, each.n - 1, `before ${each.place}`))
    } else if (each.previous !== before.hash) {
      const detail = `${each.place} follows from another line than the one before it`
      findings.push(finding('checkpoint_forged', each.n, each.n, detail))
    }
    before = each
  }
}

/** The database remembers how far the files went, and may lag behind by the one being written. */
function checkNote(
  inOrder: readonly Read[],
  note: CheckpointNote,
  after: CheckpointNote,
  findings: Finding[],
): void {
  const last = inOrder.at(-1)?.n ?? 0
  if (last < note.n) findings.push(finding('checkpoint_cut', last + 1, note.n, ''))
  const remembered = inOrder.find(({ n }) => n === note.n)
  if (remembered !== undefined && remembered.hash !== note.hash) {
    const detail = `${remembered.place}: the database remembers another line`
    findings.push(finding('checkpoint_forged', note.n, note.n, detail))
  }
  if (last > after.n + 1) {
    const detail = `the database remembers only ${after.n}: it was restored or set back`
    findings.push(finding('checkpoint_back', after.n + 1, last, detail))
  }
}

/** Replays the lines: chains only grow, and the root covers all of them. */
function checkHeads(
  inOrder: readonly Read[],
  findings: Finding[],
  since = -Infinity,
): { marks: Map<number, Mark[]>; trusted: ReadonlyMap<number, BookHead> } {
  const marks = new Map<number, Mark[]>()
  const heads = new Map<number, BookHead>()
  let trusted: ReadonlyMap<number, BookHead> | undefined
  for (const each of inOrder) {
    if (trusted === undefined && each.at >= since) trusted = new Map(heads)
    findings.push(...wentBack(each, heads))
    if (each.whole) heads.clear()
    for (const head of each.heads) {
      heads.set(head.book, head)
      if (trusted === undefined) continue
      const mark = { seq: head.seq, hash: head.hash, checkpoint: each.n }
      const of = marks.get(head.book)
      if (of === undefined) marks.set(head.book, [mark])
      else of.push(mark)
    }
    // Lines between are bound by the next whole one, a day later at most.
    if (each.whole && headsRoot(heads.values()) !== each.root) {
      const detail = `${each.place}: its root is not that of the chains`
      findings.push(finding('checkpoint_forged', each.n, each.n, detail))
    }
  }
  return { marks, trusted: trusted ?? heads }
}

function wentBack(each: Read, before: ReadonlyMap<number, BookHead>): Finding[] {
  const now = new Map(each.heads.map(({ book, seq }) => [book, seq]))
  const books = each.whole ? [...before.keys()] : [...now.keys()]
  return books.flatMap((book) => {
    const [seq, left] = [before.get(book)?.seq ?? 0, now.get(book) ?? 0]
    if (left >= seq) return []
    const detail = `book ${book} went from ${seq} to ${left} entries`
    return [finding('checkpoint_back', each.n, each.n, detail)]
  })
}

function finding(kind: Finding['kind'], from: number, to: number, detail: string): Finding {
  return { kind, from, to, detail }
}
