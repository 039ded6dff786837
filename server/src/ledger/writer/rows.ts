/**
 * The decided rows of one batch: what is written to the database and what the chain's hash covers.
 * Verification fills the same columns from stored rows, so both hash the same bytes.
 *
 * A batch in which every row is a plain single post leaves five columns out; most batches are.
 */
import { createHash } from 'node:crypto'
import { Column, type Instant, OID, type Uuid } from '#base'
import { UuidWords } from './uuid-words.ts'

export interface TransferRow {
  readonly id: number
  /** Set on the first leg. */
  readonly key: Uuid | undefined
  readonly leg: number
  readonly type: number
  readonly debit: number
  readonly credit: number
  readonly amount: bigint
  readonly debitAfter: bigint
  readonly creditAfter: bigint
  readonly debitPrev: number
  readonly creditPrev: number
  readonly subject: number | undefined
  readonly effectiveAt: Instant | undefined
  readonly purpose: string | undefined
}

export interface RefusedRow {
  readonly key: Uuid
  readonly code: string
  /** The request as JSON text. */
  readonly request: string
}

export class Rows {
  count = 0
  refusedCount = 0
  private readonly scratch = new UuidWords()
  private readonly id = new Column(OID.int8, 32_768)
  private readonly key = new Column(OID.uuid, 65_536)
  private readonly debit = new Column(OID.int4, 16_384)
  private readonly credit = new Column(OID.int4, 16_384)
  private readonly amount = new Column(OID.int8, 32_768)
  private readonly debitAfter = new Column(OID.int8, 32_768)
  private readonly creditAfter = new Column(OID.int8, 32_768)
  private readonly debitPrev = new Column(OID.int8, 32_768)
  private readonly creditPrev = new Column(OID.int8, 32_768)
  private readonly leg = new Column(OID.int2)
  private readonly type = new Column(OID.int2)
  private readonly subject = new Column(OID.int8)
  private readonly effectiveAt = new Column(OID.timestamptz)
  private readonly purpose = new Column(OID.text)
  private readonly common = [
    this.id,
    this.key,
    this.debit,
    this.credit,
    this.amount,
    this.debitAfter,
    this.creditAfter,
    this.debitPrev,
    this.creditPrev,
  ]
  private readonly extra = [this.leg, this.type, this.subject, this.effectiveAt, this.purpose]
  private readonly refusedKey = new Column(OID.uuid)
  private readonly refusedCode = new Column(OID.text)
  private readonly refusedRequest = new Column(OID.text)

  /** True while no row needed the extra columns, which then are empty. */
  get plain(): boolean {
    return this.leg.count === 0
  }

  reset(): void {
    this.count = 0
    this.refusedCount = 0
    for (const column of this.common) column.reset()
    for (const column of this.extra) column.reset()
    this.refusedKey.reset()
    this.refusedCode.reset()
    this.refusedRequest.reset()
  }

  /** Adds a single post without extras: the hot path. */
  addPlain(
    id: number,
    key: UuidWords,
    debit: number,
    credit: number,
    amount: bigint,
    debitAfter: bigint,
    creditAfter: bigint,
    debitPrev: number,
    creditPrev: number,
  ): void {
    this.id.int8(id)
    this.key.uuid(key)
    this.debit.int4(debit)
    this.credit.int4(credit)
    this.amount.big(amount)
    this.debitAfter.big(debitAfter)
    this.creditAfter.big(creditAfter)
    this.debitPrev.int8(debitPrev)
    this.creditPrev.int8(creditPrev)
    if (this.leg.count > 0) this.addExtras(0, 0, undefined, undefined, undefined)
    this.count += 1
  }

  add(row: TransferRow): void {
    const plain =
      row.leg === 0 &&
      row.type === 0 &&
      row.subject === undefined &&
      row.effectiveAt === undefined &&
      row.purpose === undefined
    if (!plain && this.leg.count === 0) {
      for (let index = 0; index < this.count; index += 1) {
        this.addExtras(0, 0, undefined, undefined, undefined)
      }
    }
    this.id.int8(row.id)
    if (row.key === undefined) this.key.null()
    else this.key.uuid(this.scratch.parse(row.key))
    this.debit.int4(row.debit)
    this.credit.int4(row.credit)
    this.amount.big(row.amount)
    this.debitAfter.big(row.debitAfter)
    this.creditAfter.big(row.creditAfter)
    this.debitPrev.int8(row.debitPrev)
    this.creditPrev.int8(row.creditPrev)
    if (!plain || this.leg.count > 0) {
      this.addExtras(row.leg, row.type, row.subject, row.effectiveAt, row.purpose)
    }
    this.count += 1
  }

  addRefused(row: RefusedRow): void {
    this.refusedKey.uuid(this.scratch.parse(row.key))
    this.refusedCode.text(row.code)
    this.refusedRequest.text(row.request)
    this.refusedCount += 1
  }

  /** The parameters of the transfer insert: nine columns when plain, else fourteen. */
  transferParams(): Buffer[] {
    const columns = this.plain ? this.common : [...this.common, ...this.extra]
    return columns.map((column) => column.param())
  }

  refusedParams(): Buffer[] {
    return [this.refusedKey.param(), this.refusedCode.param(), this.refusedRequest.param()]
  }

  /** SHA-256 over every column as it is sent, in the order of the parameters. */
  hash(): Buffer {
    const hash = createHash('sha256')
    for (const param of this.transferParams()) hash.update(param)
    if (this.refusedCount > 0) for (const param of this.refusedParams()) hash.update(param)
    return hash.digest()
  }

  private addExtras(
    leg: number,
    type: number,
    subject: number | undefined,
    effectiveAt: Instant | undefined,
    purpose: string | undefined,
  ): void {
    this.leg.int2(leg)
    this.type.int2(type)
    if (subject === undefined) this.subject.null()
    else this.subject.int8(subject)
    if (effectiveAt === undefined) this.effectiveAt.null()
    else this.effectiveAt.instant(effectiveAt)
    if (purpose === undefined) this.purpose.null()
    else this.purpose.text(purpose)
  }
}
