/**
 * Verification: a book told again from its rows alone. It walks the seals in order, checks that they
 * chain and that each covers the rows it says, replays every transfer, and in the end holds accounts,
 * holds and head to what the replay came to. It names the first row that is wrong: the very row where
 * its own columns or its neighbours give it away, else the batch whose hash does.
 *
 * Who can change rows can also change the seals behind them and the head: then the chain holds again,
 * and only a copy of `chain` kept elsewhere, from an earlier report, gives the change away.
 */
import type { Db, Tx } from '#base'
import { Balances } from './verify/balances.ts'
import { Links } from './verify/links.ts'
import * as read from './verify/verify-store.ts'
import {
  NOTHING,
  type RefusedRow,
  type SealRow,
  type StoredTransfer,
  type WrongRow,
  wrong,
} from './verify/wrong-row.ts'
import { CHAIN_START, sealHash } from './writer/chain.ts'
import { Rows } from './writer/rows.ts'

export { bookNumbers } from './verify/verify-store.ts'
export type { WrongRow } from './verify/wrong-row.ts'

export interface VerifyReport {
  readonly book: number
  /** How far it came: all there are when nothing is wrong. */
  readonly seals: number
  readonly transfers: number
  readonly refusals: number
  readonly accounts: number
  readonly holds: number
  /** The chain after the last good seal, hex: worth keeping outside the database. */
  readonly chain: string
  /** The first wrong row; absent when all is as it must be. */
  readonly wrong?: WrongRow
}

export interface VerifyOptions {
  /** Called every ten thousand transfers or so, with what was checked so far. */
  readonly onProgress?: (at: { transfers: number; seals: number }) => void
}

/** No such book. */
export class UnknownBookProblem extends Error {
  override name = 'UnknownBookProblem'
}

/**
 * Verifies a book as it stands at one moment; it may be written meanwhile. A million transfers take
 * some twenty seconds, and memory grows with accounts and open holds only. Throws UnknownBookProblem.
 */
export function verifyBook(
  db: Db,
  book: number,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  return db.tx(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only')
    return await verifyIn(tx, book, options)
  })
}

/** The same inside a tx of the caller's, which must see one moment. */
export function verifyIn(tx: Tx, book: number, options: VerifyOptions = {}): Promise<VerifyReport> {
  return new Verification(tx, book, options).run()
}

class Verification {
  private readonly tx: Tx
  private readonly book: number
  private readonly options: VerifyOptions
  private readonly links = new Links()
  private readonly rows = new Rows()
  private readonly transfers: read.Stream<StoredTransfer>
  private readonly refusals: read.Stream<RefusedRow>
  private balances = new Balances('')
  private chain: Buffer = CHAIN_START
  private readonly done = { seals: 0, transfers: 0, refusals: 0, holds: 0 }
  private lastId = 0
  private lastAt = 0

  constructor(tx: Tx, book: number, options: VerifyOptions) {
    this.tx = tx
    this.book = book
    this.options = options
    this.transfers = read.transfers(tx, book)
    this.refusals = read.refusals(tx, book)
  }

  async run(): Promise<VerifyReport> {
    const found = await this.firstWrong()
    return {
      book: this.book,
      ...this.done,
      accounts: this.balances.count,
      chain: this.chain.toString('hex'),
      ...(found === undefined ? {} : { wrong: found }),
    }
  }

  private async firstWrong(): Promise<WrongRow | undefined> {
    const head = await read.head(this.tx, this.book)
    const chart = await read.chartOf(this.tx, this.book)
    if (head === undefined || chart === undefined) {
      throw new UnknownBookProblem(
        `There is no book ${this.book}; "tenon ledger verify" alone verifies all there are.`,
      )
    }
    this.balances = new Balances(chart)
    const accounts = read.accounts(this.tx, this.book)
    for (let row = await accounts.take(); row !== undefined; row = await accounts.take()) {
      const missing = this.balances.add(row, Number(head.checkpoint_id))
      if (missing !== undefined) return missing
    }
    return (
      (await this.checkSeals()) ??
      (await this.checkEnd(head)) ??
      (await this.checkAccounts()) ??
      (await this.checkHolds()) ??
      (await this.checkReversals())
    )
  }

  private async checkSeals(): Promise<WrongRow | undefined> {
    const seals = read.seals(this.tx, this.book)
    for (let seal = await seals.take(); seal !== undefined; seal = await seals.take()) {
      const found = this.checkSeal(seal) ?? (await this.checkBatch(seal))
      if (found !== undefined) return found
      this.chain = seal.hash
      this.lastId = Number(seal.last_id)
      this.lastAt = seal.at.getTime()
      this.done.seals += 1
    }
    return undefined
  }

  /** The seal by itself: its place and its hash, which covers all its columns. */
  private checkSeal(seal: SealRow): WrongRow | undefined {
    const expected = this.done.seals + 1
    const seq = Number(seal.seq)
    if (seq !== expected) return wrong('ledger.seal', expected, ['seq', expected, NOTHING])
    const hash = sealHash(this.chain, {
      book: this.book,
      seq,
      firstId: Number(seal.first_id),
      lastId: Number(seal.last_id),
      at: seal.at.getTime(),
      rowsHash: seal.rows_hash,
    })
    if (!hash.equals(seal.hash)) return wrong('ledger.seal', seq, ['hash', hash, seal.hash])
    const first = this.lastId + 1
    if (Number(seal.first_id) !== first) {
      return wrong('ledger.seal', seq, ['first_id', first, seal.first_id])
    }
    if (seal.at.getTime() < this.lastAt) {
      return wrong('ledger.seal', seq, ['at', `not before ${this.lastAt}`, seal.at.getTime()])
    }
    return undefined
  }

  /** The rows a seal covers: each by itself, then all by their hash. */
  private async checkBatch(seal: SealRow): Promise<WrongRow | undefined> {
    this.rows.reset()
    const transfer = await this.checkTransfers(seal)
    if (transfer !== undefined) return transfer
    const refused = await this.checkRefusals(seal)
    if (refused !== undefined) return refused
    const hash = this.rows.hash()
    const contradiction = this.links.takeContradiction()
    if (hash.equals(seal.rows_hash)) return contradiction?.hold
    return contradiction?.transfer ?? this.changedRow(seal, hash)
  }

  private async checkTransfers(seal: SealRow): Promise<WrongRow | undefined> {
    for (let id = Number(seal.first_id); id <= Number(seal.last_id); id += 1) {
      const row = await this.transfers.peek()
      if (row?.id !== id) return wrong('ledger.transfer', id, ['id', id, NOTHING])
      if (this.transfers.begins) {
        await this.links.prepare(this.tx, this.book, this.transfers.ahead())
        this.options.onProgress?.({ transfers: this.done.transfers, seals: this.done.seals })
      }
      await this.transfers.take()
      const found = this.checkTransfer(row, seal)
      if (found !== undefined) return found
      this.rows.add(row)
      this.done.transfers += 1
    }
    return undefined
  }

  private checkTransfer(row: StoredTransfer, seal: SealRow): WrongRow | undefined {
    const at = seal.at.getTime()
    if (row.bookedAt !== at) {
      return wrong('ledger.transfer', row.id, ['booked_at', seal.at, new Date(row.bookedAt)])
    }
    const hold = this.links.holdOf(row)
    const found = this.links.check(row) ?? this.balances.apply(row, hold)
    this.links.settle(row)
    return found
  }

  private async checkRefusals(seal: SealRow): Promise<WrongRow | undefined> {
    for (let position = 1; ; position += 1) {
      const row = await this.refusals.peek()
      if (row === undefined || row.seq > seal.seq) return undefined
      const place = `${row.seq}/${row.position}`
      if (row.seq < seal.seq) return wrong('ledger.refused', place, ['seq', seal.seq, row.seq])
      if (row.position !== position) {
        return wrong('ledger.refused', `${seal.seq}/${position}`, ['position', position, NOTHING])
      }
      await this.refusals.take()
      this.rows.addRefused(row)
      this.done.refusals += 1
    }
  }

  /** The rows add up and yet are not those that were sealed: names the one, if it was but one. */
  private changedRow(seal: SealRow, hash: Buffer): WrongRow {
    const what = ['rows_hash', seal.rows_hash, hash] as const
    const { count, refusedCount } = this.rows
    if (count === 1 && refusedCount === 0) return wrong('ledger.transfer', seal.first_id, what)
    if (count === 0 && refusedCount === 1) return wrong('ledger.refused', `${seal.seq}/1`, what)
    if (count === 0 && refusedCount === 0) {
      return wrong('ledger.refused', `${seal.seq}/1`, ['position', 1, NOTHING])
    }
    return wrong('ledger.seal', seal.seq, what)
  }

  private async checkEnd(
    head: Awaited<ReturnType<typeof read.head>>,
  ): Promise<WrongRow | undefined> {
    const transfer = await this.transfers.peek()
    const refused = await this.refusals.peek()
    const { seals } = this.done
    if (head === undefined) return undefined
    if (Number(head.seq) > seals) {
      return wrong('ledger.seal', seals + 1, ['seq', seals + 1, NOTHING])
    }
    if (transfer !== undefined) {
      return wrong('ledger.transfer', transfer.id, ['id', NOTHING, transfer.id])
    }
    if (refused !== undefined) {
      const place = `${refused.seq}/${refused.position}`
      return wrong('ledger.refused', place, ['seq', NOTHING, refused.seq])
    }
    for (const [field, expected, found] of [
      ['seq', seals, Number(head.seq)],
      ['last_id', this.lastId, Number(head.last_id)],
      ['chain', this.chain.toString('hex'), head.chain.toString('hex')],
    ] as const) {
      if (expected !== found) return wrong('ledger.head', this.book, [field, expected, found])
    }
    return undefined
  }

  private async checkAccounts(): Promise<WrongRow | undefined> {
    const accounts = read.accounts(this.tx, this.book)
    for (let row = await accounts.take(); row !== undefined; row = await accounts.take()) {
      const found = this.balances.check(row)
      if (found !== undefined) return found
    }
    return undefined
  }

  private async checkHolds(): Promise<WrongRow | undefined> {
    const holds = read.holds(this.tx, this.book)
    for (let row = await holds.take(); row !== undefined; row = await holds.take()) {
      const found = this.links.checkHold(row)
      if (found !== undefined) return found
      this.done.holds += 1
    }
    return this.links.missingHold() ?? (await this.strayHold())
  }

  private async strayHold(): Promise<WrongRow | undefined> {
    const id = await read.strayHold(this.tx, this.book)
    return id === undefined ? undefined : wrong('ledger.hold', id, ['id', NOTHING, id])
  }

  private async checkReversals(): Promise<WrongRow | undefined> {
    if ((await read.reversalCount(this.tx, this.book)) === this.links.reversals) return undefined
    const subject = await read.strayReversal(this.tx, this.book)
    return wrong('ledger.reversal', subject ?? 0, ['subject_id', NOTHING, subject])
  }
}
