/**
 * The whole audit log verified: the files of checkpoints first, then every chain against them.
 *
 * What it cannot find: entries after the last checkpoint that a superuser rewrote together with the
 * end of their chain. The report names them as not covered yet.
 */
import type { Instant, Journal, Tx } from '#base'
import { type ChainReport, type Head, type Mark, verifyChain } from './chain.ts'
import { verifyCheckpoints } from './checkpoint-files.ts'
import type { Finding } from './findings.ts'
import { chainBooks, entryPages, readHead, readNote } from './store.ts'

export interface VerifyAuditOptions {
  /** The folders that hold the checkpoints. */
  readonly journals: readonly Journal[]
  /** Public keys that may have signed them, 32 bytes in base64. */
  readonly keys: readonly string[]
  /** Only this book's chain; all when absent. */
  readonly book?: number
  /** Only entries after the last checkpoint before this instant, which is trusted. */
  readonly since?: Instant
  /** Called after each chain. */
  readonly onChain?: (report: ChainReport) => void
}

export interface AuditReport {
  readonly entries: number
  readonly books: number
  readonly checkpoints: number
  /** When the last checkpoint was written. */
  readonly checkpointAt?: Instant
  /** Of checkpoints first, then by book. */
  readonly findings: readonly Finding[]
  /** Entries newer than the last checkpoint. */
  readonly uncovered: readonly {
    readonly book: number
    readonly from: number
    readonly to: number
  }[]
}

/** Verifies chains and checkpoints. Entries may be added meanwhile; nothing is changed. */
export async function verifyAudit(db: Tx, options: VerifyAuditOptions): Promise<AuditReport> {
  const { journals, keys, book, since, onChain } = options
  const files = await verifyCheckpoints({
    ...{ journals, keys, note: await readNote(db), noteAfter: () => readNote(db) },
    ...(since !== undefined && { since }),
  })
  const known = new Set([...(await chainBooks(db)), ...files.marks.keys()])
  const books = [...known]
    .sort((a, b) => a - b)
    .filter((each) => book === undefined || each === book)
  const chains: ChainReport[] = []
  for (const each of books) {
    const marks = inOrder(files.marks.get(each) ?? [])
    const from = files.trusted.get(each)
    const source = {
      pages: (after: number | undefined) => entryPages(db, each, after),
      head: () => readHead(db, each),
    }
    const report = await verifyChain(each, source, { marks, ...(from && { from }) })
    chains.push(report)
    onChain?.(report)
  }
  return {
    entries: chains.reduce((sum, { entries }) => sum + entries, 0),
    books: chains.length,
    checkpoints: files.checkpoints,
    ...(files.last && { checkpointAt: files.last.at }),
    findings: [...files.findings, ...chains.flatMap(({ findings }) => findings)],
    uncovered: chains.flatMap(({ book: each, last }) => {
      const covered = Math.max(
        ...[files.trusted.get(each), ...(files.marks.get(each) ?? [])].map(seqOf),
      )
      return last > covered ? [{ book: each, from: covered + 1, to: last }] : []
    }),
  }
}

const seqOf = (head: Head | undefined) => head?.seq ?? 0

const inOrder = (marks: readonly Mark[]) =>
  [...marks].sort((a, b) => a.seq - b.seq || a.checkpoint - b.checkpoint)
