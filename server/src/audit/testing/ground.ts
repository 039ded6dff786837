/** For tests of the audit log: entries, checkpoints in memory, and a tx that is undone afterwards. */
import { generateKeyPairSync } from 'node:crypto'
import type { Db, Journal, Log, Rng, SimulatedClock, Tx } from '#base'
import { publicKeyText } from '../checkpoint.ts'
import { type AuditEntry, createCheckpointer, verifyAudit } from '../index.ts'
import { append } from '../store.ts'

export interface MemoryJournal extends Journal {
  readonly files: Map<string, string[]>
  copy(): MemoryJournal
}

export function memoryJournal(files = new Map<string, string[]>()): MemoryJournal {
  return {
    place: 'memory',
    files,
    names: async () => [...files.keys()].sort(),
    lines: async (name) => [...(files.get(name) ?? [])],
    append: async (name, lines) => {
      files.set(name, [...(files.get(name) ?? []), ...lines])
    },
    copy: () => memoryJournal(new Map([...files].map(([name, lines]) => [name, [...lines]]))),
  }
}

/** An entry with something in each of its fields, different for each `n`. */
export function entryOf(n: number): AuditEntry {
  return {
    orgId: 1 + (n % 2),
    actor: { kind: n % 3 === 0 ? 'key' : 'user', id: `usr_0_${n % 5}`, person: `per_0_${n % 4}` },
    from: `192.0.2.${n % 200}`,
    action: n % 2 === 0 ? 'identity.grant_role' : 'payments.raise_limit',
    object: `obj_0_${n}`,
    before: { limit: `${n}00`, note: '审批' },
    after: { limit: `${n + 1}00`, list: [n, null, true] },
    approval: `areq_0_${n}`,
    requestId: `req_${n}`,
  }
}

/** A log of many books with a checkpoint after each round, every two hours. */
export async function writtenLog(
  db: Db,
  on: { clock: SimulatedClock; rng: Rng; log: Log; rounds: number; books: readonly number[] },
) {
  const { clock, rng, log } = on
  const { privateKey } = generateKeyPairSync('ed25519')
  const journal = memoryJournal()
  const checkpointer = createCheckpointer({ db, clock, log, key: privateKey, journal })
  let n = 0
  const some = () => {
    const first = n
    n += 1 + rng.below(4)
    return Array.from({ length: n - first }, (_, index) => entryOf(first + index))
  }
  for (let round = 0; round < on.rounds; round += 1) {
    await db.tx(async (tx) => {
      for (const book of on.books) {
        if (round > 1 && rng.below(3) === 0) continue
        await append(tx, { book, now: clock.now() }, some())
      }
    })
    await checkpointer.once()
    await clock.advance(2 * 3_600_000)
  }
  return { journal, key: privateKey, keys: [publicKeyText(privateKey)], checkpointer }
}

class Undone extends Error {}

/** Does something to the database as a superuser without triggers, verifies, and undoes it. */
export async function tampered(
  db: Db,
  options: Parameters<typeof verifyAudit>[1],
  work: (tx: Tx) => Promise<unknown>,
) {
  let report: Awaited<ReturnType<typeof verifyAudit>> | undefined
  const undo = new Undone()
  await db
    .tx(async (tx) => {
      await tx.query('set local session_replication_role = replica')
      await work(tx)
      report = await verifyAudit(tx, options)
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  return report!
}
