/**
 * One chain told again from its rows alone: every entry hashed anew, each against the one before it,
 * and all against the end of the chain and the checkpoints.
 *
 * A hash tells that an entry is not what it was, never which field of it changed. And a chain that
 * somebody recomputed from a point on is in order by itself: only a checkpoint shows it.
 */
import { CHAIN_START, entryHash, type StoredEntry } from './entry-hash.ts'
import type { Finding } from './findings.ts'

/** The end of a chain: the number and the hash of its last entry. */
export interface Head {
  readonly seq: number
  readonly hash: Uint8Array
}

export interface ChainSource {
  /** The entries after a number in their order, page by page; all when it is undefined. */
  pages(after: number | undefined): AsyncIterable<readonly StoredEntry[]>
  /** The head as it stands now; `undefined` when its row is gone. */
  head(): Promise<Head | undefined>
}

/** A head that a signed checkpoint names. */
export interface Mark extends Head {
  /** The checkpoint's number. */
  readonly checkpoint: number
}

export interface ChainReport {
  readonly book: number
  readonly entries: number
  /** The number of the last entry; 0 when there is none. */
  readonly last: number
  readonly findings: readonly Finding[]
}

interface ChainOptions {
  /** In the order of their numbers. */
  readonly marks: readonly Mark[]
  /** A trusted end to begin behind, from a checkpoint; the chain's start when absent. */
  readonly from?: Head
}

/** Verifies the chain of one book. Entries may be added meanwhile. */
export async function verifyChain(
  book: number,
  source: ChainSource,
  { marks, from }: ChainOptions,
): Promise<ChainReport> {
  // Before the entries: whatever the head names by now must be among them.
  const head = await source.head()
  const walk = new ChainWalk(book, marks, from)
  if (head !== undefined) walk.expect(head)
  for await (const page of source.pages(from?.seq)) walk.take(page)
  const later = await source.head()
  walk.end(head, later)
  return { book, entries: walk.entries, last: walk.last, findings: walk.findings }
}

/** The number of the entry with a hash, among those near by. */
type NumberOf = (hash: Uint8Array) => number | undefined

class ChainWalk {
  readonly findings: Finding[] = []
  entries = 0
  last: number
  private readonly book: number
  private readonly start: number
  /** Hashes the next entry may name as its previous; undefined where something was found. */
  private accepted: readonly Uint8Array[] | undefined
  private readonly marks: readonly Mark[]
  private nextMark = 0
  private expectedHead: Head | undefined

  constructor(book: number, marks: readonly Mark[], from: Head | undefined) {
    this.book = book
    this.marks = marks
    this.start = from?.seq ?? 0
    this.last = this.start
    this.accepted = [from?.hash ?? CHAIN_START]
    while ((marks[this.nextMark]?.seq ?? Infinity) <= this.start) this.nextMark += 1
  }

  expect(head: Head): void {
    this.expectedHead = head
  }

  take(page: readonly StoredEntry[]): void {
    const numberOf = (hash: Uint8Array) => page.find((each) => same(each.hash, hash))?.seq
    for (const entry of page) {
      this.entries += 1
      if (entry.seq <= this.last) {
        this.found('extra', entry.seq)
        continue
      }
      if (entry.seq > this.last + 1) {
        this.found('missing', this.last + 1, entry.seq - 1)
        this.accepted = undefined
      }
      this.checkEntry(entry, numberOf)
      this.checkMarks(entry)
      this.last = entry.seq
    }
  }

  end(before: Head | undefined, after: Head | undefined): void {
    const known = Math.max(before?.seq ?? 0, this.marks.at(-1)?.seq ?? 0)
    if (known > this.last) this.found('truncated', this.last + 1, known)
    if (after === undefined) {
      if (this.last > this.start) this.found('head_missing', this.last)
    } else if (after.seq < this.last) {
      this.found('head_moved', after.seq + 1, this.last)
    }
  }

  private checkEntry(entry: StoredEntry, numberOf: NumberOf): void {
    const { accepted } = this
    const told = entryHash(this.book, entry)
    const isWhole = told !== undefined && same(told, entry.hash)
    if (isWhole) {
      this.accepted = [entry.hash]
      if (accepted !== undefined && !accepted.some((hash) => same(hash, entry.previous))) {
        this.found('unlinked', entry.seq, entry.seq, `after entry ${this.last}`)
      }
      return
    }
    const written = this.writtenUnder(entry, numberOf)
    if (written === undefined) {
      this.found('edited', entry.seq)
      // Whether a field or the hash was edited, the next entry names one of the two.
      this.accepted = told === undefined ? [entry.hash] : [entry.hash, told]
    } else {
      this.found('reordered', entry.seq, entry.seq, `written as entry ${written}`)
      this.accepted = undefined
    }
  }

  /** The number under which the entry's hash was made, when it is one of the likely ones. */
  private writtenUnder(entry: StoredEntry, numberOf: NumberOf) {
    const before = numberOf(entry.previous)
    const near = before === undefined ? [] : [before + 1, before + 2, before]
    return [entry.seq - 1, entry.seq + 1, ...near].find((seq) => {
      const told = seq === entry.seq ? undefined : entryHash(this.book, entry, seq)
      return told !== undefined && same(told, entry.hash)
    })
  }

  private checkMarks(entry: StoredEntry): void {
    const { expectedHead } = this
    if (expectedHead?.seq === entry.seq && !same(expectedHead.hash, entry.hash)) {
      this.found('head_replaced', entry.seq)
    }
    for (; (this.marks[this.nextMark]?.seq ?? Infinity) <= entry.seq; this.nextMark += 1) {
      const mark = this.marks[this.nextMark]!
      if (mark.seq !== entry.seq || same(mark.hash, entry.hash)) continue
      const from = Math.max(this.start, this.marks[this.nextMark - 1]?.seq ?? 0) + 1
      this.found('forked', Math.min(from, mark.seq), mark.seq, `checkpoint ${mark.checkpoint}`)
    }
  }

  /** Adds a finding, or lengthens the last one when it goes on. */
  private found(kind: Finding['kind'], from: number, to = from, detail = ''): void {
    const last = this.findings.at(-1)
    const goesOn = last?.kind === kind && last.to === from - 1 && kind !== 'forked'
    if (goesOn && (kind !== 'reordered' || shiftOf(last) === shiftOf({ from, detail }))) {
      this.findings[this.findings.length - 1] = { ...last, to }
      return
    }
    this.findings.push({ kind, book: this.book, from, to, detail })
  }
}

/** How far the first entry of a finding stands from where it was written. */
function shiftOf({ from, detail }: Pick<Finding, 'from' | 'detail'>): number {
  return Number(/\d+$/.exec(detail)?.[0] ?? 0) - from
}

const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0
