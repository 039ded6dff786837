/**
 * UnionPay's all-channel platform (ACP 5.1.0) as a merchant meets it: collection, refund, payout,
 * query, back notice, file.
 *
 * `00` on an order means that it was taken; what became of it is told by the back notice and by a query
 * with the same orderId and txnTime. The clearing day runs from 23:00 to 23:00.
 */
import { createHash } from 'node:crypto'
import {
  type BookOrder,
  CUTOFF_BANK,
  createRailGround,
  DAY_MS,
  type Instant,
  type MagicRefusal,
  MISMATCHED_NAME,
  type OrderKind,
  type Rail,
  type RailGround,
  type RailMovement,
  type RailOptions,
  type RailReply,
  type RailRequest,
  RETURNING_BANK,
  shanghai,
  startOfDate,
  type Told,
} from '../channel/index.ts'
import { AT_ONCE, MAGIC_CODES, MESSAGES_OF, UNKNOWN_CODE } from './codes.ts'
import { BIZ_TYPE, kindOf, type RequestKind, TXN_TYPE } from './fields.ts'
import { type Form, printForm, printPlain, readCustomerInfo, readForm, readParts } from './form.ts'
import { testKeys, type UnionPayKeys } from './keys.ts'
import { createSeal, type Seal, type SignMethod } from './signature.ts'
import { dayFile } from './zm.ts'

export interface UnionPayOptions extends RailOptions {
  readonly keys?: UnionPayKeys
  /** From taking an order to its result; 0 when absent. */
  readonly processMs?: number
}

/** The one merchant. */
export const MER_ID = '777290058110048'

const HOUR_MS = 3_600_000
const RETRY_SECONDS = [60, 120, 240, 900]
const REFUND_DAYS = 330
const KINDS: readonly OrderKind[] = ['collect', 'refund', 'pay']

/** The clearing day changes at 23:00. */
const clearingDate = (at: Instant) => shanghai(at + HOUR_MS).slice(0, 8)

/** The last day of a date's month, `yyyymmdd`. */
function lastOfMonth(date: string): string {
  const [year, month] = [Number(date.slice(0, 4)), Number(date.slice(4, 6))]
  return `${date.slice(0, 6)}${new Date(Date.UTC(year, month, 0)).getUTCDate()}`
}

interface SignedReply extends RailReply {
  readonly form: Form
  readonly method: SignMethod
}

/** Starts the rail on a port of this machine. */
export function startUnionPay(options: UnionPayOptions = {}): Promise<Rail> {
  return new UnionPay(options).start()
}

class UnionPay {
  readonly #ground: RailGround
  readonly #seal: Seal
  readonly #processMs: number

  constructor(options: UnionPayOptions) {
    this.#seal = createSeal(options.keys ?? testKeys())
    this.#processMs = options.processMs ?? 0
    this.#ground = createRailGround(options, {
      retrySeconds: RETRY_SECONDS,
      settles: 'gross',
      businessDate: clearingDate,
      dayClosesAt: (date) => startOfDate(date)! + DAY_MS + 9 * HOUR_MS,
      settlementMemo: (date) => `UPOP ${MER_ID} ${date}`,
      print: (told) => this.#notice(told),
      isTaken: (status) => status === 200,
      returnsAt: ({ detail, movedAt }) =>
        detail.bank === RETURNING_BANK
          ? startOfDate(shanghai(movedAt).slice(0, 8))! + DAY_MS + 10 * HOUR_MS
          : undefined,
      billedOn: lastOfMonth,
      afterDay: (date) => this.#billMonth(date),
    })
  }

  start(): Promise<Rail> {
    return this.#ground.listen((request) => this.#handle(request))
  }

  #handle(request: RailRequest): RailReply {
    const form = readForm(request.body)
    if (request.method !== 'POST' || form === undefined) return { status: 400, body: '' }
    const method = this.#seal.check(form)
    if (method === undefined) return this.#refusal(form, '11', '01')
    const kind = kindOf(request.path, form)
    if (typeof kind === 'string') return this.#refusal(form, kind, method)
    if (form.merId !== MER_ID) return this.#refusal(form, '43', method)
    switch (kind.name) {
      case 'query':
        return this.#query(form, method)
      case 'file':
        return this.#file(form, method)
      default:
        return this.#order(kind as RequestKind & { name: OrderKind }, form, method)
    }
  }

  #answer(form: Form, method: SignMethod): SignedReply {
    const respMsg = form.respMsg ?? MESSAGES_OF[form.respCode!] ?? ''
    const body = printPlain(this.#seal.sign({ ...form, respMsg }, method))
    return {
      status: 200,
      headers: { 'content-type': 'text/html;charset=UTF-8' },
      body,
      form,
      method,
    }
  }

  /** What every reply repeats of its request. */
  #echo(form: Form): Form {
    const echoed: Record<string, string> = {}
    for (const name of [
      'version',
      'encoding',
      'txnType',
      'txnSubType',
      'bizType',
      'accessType',
      'merId',
      'orderId',
      'txnTime',
      'settleDate',
    ]) {
      const value = form[name]
      if (value !== undefined && value !== '') echoed[name] = value
    }
    return echoed
  }

  #refusal(form: Form, respCode: string, method: SignMethod): SignedReply {
    return this.#answer({ ...this.#echo(form), respCode }, method)
  }

  #order(kind: RequestKind & { name: OrderKind }, form: Form, method: SignMethod): RailReply {
    const reference = form.orderId!
    const amount = BigInt(form.txnAmt!)
    return this.#ground.act(
      { kind: kind.name, reference, amount },
      () => this.#take(kind.name, form, method, amount),
      (reply) => {
        const signed = reply as SignedReply
        return this.#answer({ ...signed.form, respCode: UNKNOWN_CODE }, signed.method)
      },
    )
  }

  #take(kind: OrderKind, form: Form, method: SignMethod, amount: bigint): SignedReply {
    const { book } = this.#ground
    const reference = form.orderId!
    const party = kind === 'refund' ? {} : this.#party(form, method)
    if (typeof party === 'string') return this.#refusal(form, party, method)
    const fingerprint = fingerprintOf(form, party)
    const known = KINDS.map((one) => book.find(one, reference)).find((one) => one !== undefined)
    if (known !== undefined) {
      if (known.kind !== kind || known.fingerprint !== fingerprint) {
        return this.#refusal(form, '12', method)
      }
      return this.#taken(form, known, method)
    }
    const refused = this.#refusedAtOnce(kind, form, amount)
    if (refused !== undefined) return this.#refusal(form, refused, method)
    const code = this.#fate(amount, party)
    if (code !== undefined && AT_ONCE.includes(code)) return this.#refusal(form, code, method)
    const original = kind === 'refund' ? book.byNumber(form.origQryId!)! : undefined
    const order = this.#ground.takeOrder({
      kind,
      reference,
      amount,
      fingerprint,
      state: 'processing',
      ...(original === undefined ? {} : { original: original.reference }),
      detail: {
        txnTime: form.txnTime!,
        method,
        ...(form.accType === undefined ? {} : { accType: form.accType }),
        ...(party.accNo === undefined ? {} : { account: masked(party.accNo) }),
        ...(form.issInsCode === undefined ? {} : { bank: form.issInsCode }),
      },
      end: {
        result: code === undefined ? 'succeeded' : 'failed',
        ...(code === undefined ? {} : { code }),
        afterMs: this.#processMs,
      },
    })
    return this.#taken(form, order, method)
  }

  #taken(form: Form, order: BookOrder, method: SignMethod): SignedReply {
    const { number: queryId, amount } = order
    const facts = { queryId, txnAmt: String(amount), currencyCode: '156', respCode: '00' }
    return this.#answer({ ...this.#echo(form), ...facts }, method)
  }

  /** Account and holder in the clear, or the respCode of a refusal. */
  #party(form: Form, method: SignMethod): Form | string {
    const encrypted = method === '01'
    if (encrypted && form.encryptCertId !== this.#seal.encryptCertId) return '13'
    const accNo = encrypted ? this.#seal.decrypt(form.accNo!) : form.accNo
    if (accNo === undefined || !/^[0-9A-Za-z-]{6,34}$/.test(accNo)) return '10'
    const info = readCustomerInfo(form.customerInfo!)
    if (info === undefined) return '10'
    const { encryptedInfo, ...open } = info
    const hidden = encryptedInfo === undefined ? '' : this.#seal.decrypt(encryptedInfo)
    if (hidden === undefined) return '10'
    const holder = { ...open, ...readParts(hidden) } as Record<string, string>
    return holder.customerNm ? { ...holder, accNo } : '13'
  }

  #refusedAtOnce(kind: OrderKind, form: Form, amount: bigint): string | undefined {
    const { book, clock } = this.#ground
    const now = clock.now()
    if (form.issInsCode === CUTOFF_BANK && shanghai(now).slice(8) >= '170000') return '39'
    if (kind === 'pay') return book.available() < amount ? '90' : undefined
    if (kind === 'collect') return undefined
    const original = book.byNumber(form.origQryId!)
    if (original?.kind !== 'collect' || original.state !== 'succeeded' || original.back) return '35'
    if (now - original.movedAt > REFUND_DAYS * DAY_MS) return '35'
    return original.refunded + amount > original.amount ? '36' : undefined
  }

  /** The code an order fails with by its amount, holder or card; none when it succeeds. */
  #fate(amount: bigint, { accNo = '', customerNm = '' }: Form): string | undefined {
    const effect = this.#ground.magic(amount)
    const code = MAGIC_CODES[effect as MagicRefusal] as string | undefined
    if (code !== undefined) return code
    if (this.#ground.options.magic === false) return undefined
    if (customerNm === MISMATCHED_NAME) return '66'
    if (/^6200\d+0061$/.test(accNo) && amount > 5_000_000n) return '33'
    return undefined
  }

  #query(form: Form, method: SignMethod): RailReply {
    const order = KINDS.map((kind) => this.#ground.visible(kind, form.orderId!)).find(
      (one) => one?.detail.txnTime === form.txnTime,
    )
    if (order === undefined) return this.#refusal(form, '34', method)
    const origRespCode = { waiting: '05', processing: '05', closed: '01', failed: order.code }[
      order.state as 'waiting'
    ]
    const said = origRespCode ?? '00'
    return this.#answer(
      {
        ...this.#echo(form),
        ...this.#factsOf(order),
        txnAmt: String(order.amount),
        origRespCode: said,
        origRespMsg: MESSAGES_OF[said] ?? '',
        respCode: '00',
      },
      method,
    )
  }

  #factsOf(order: BookOrder): Form {
    const at = order.movedAt
    return {
      txnType: TXN_TYPE[order.kind],
      bizType: BIZ_TYPE[order.kind],
      currencyCode: '156',
      queryId: order.number,
      traceNo: order.number.slice(-6),
      traceTime: shanghai(at).slice(4),
      settleDate: (order.movedOn || this.#ground.book.dateOf(at)).slice(4),
      ...(order.detail.account === undefined ? {} : { accNo: order.detail.account }),
    }
  }

  #notice({ order, event, amount, forged }: Told) {
    if (event !== 'succeeded' && event !== 'failed') return undefined
    const respCode = event === 'succeeded' ? '00' : order.code
    const form: Form = {
      version: '5.1.0',
      encoding: 'UTF-8',
      txnSubType: '00',
      accessType: '0',
      merId: MER_ID,
      orderId: order.reference,
      txnTime: order.detail.txnTime!,
      ...this.#factsOf(order),
      txnAmt: String(amount),
      settleAmt: String(amount),
      settleCurrencyCode: '156',
      respCode,
      respMsg: MESSAGES_OF[respCode] ?? '',
    }
    const signed = this.#seal.sign(form, order.detail.method as SignMethod, forged)
    return {
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
      body: printForm(signed),
    }
  }

  #file(form: Form, method: SignMethod): RailReply {
    const { book, clock } = this.#ground
    const today = clearingDate(clock.now())
    const year = Number(today.slice(0, 4))
    const day = form.settleDate!
    const date = day > today.slice(4) ? `${year - 1}${day}` : `${year}${day}`
    if (!this.#ground.isDayClosed(date)) return this.#refusal(form, '98', method)
    const feeOf = (movement: RailMovement) => this.#feeOf(movement)
    const file = dayFile(book, { merId: MER_ID, date, feeOf })
    return this.#answer({ ...this.#echo(form), ...file, respCode: '00' }, method)
  }

  /** What the month's bill asks for a movement: nothing is kept back from the movement itself. */
  #feeOf({ kind, reference, amount }: RailMovement): bigint {
    if (kind === 'pay') return 150n
    if (kind !== 'collect') return 0n
    if (this.#ground.book.find('collect', reference)!.detail.accType === '04') return 1_000n
    const fee = (amount * 2n) / 1_000n
    return fee > 2_000n ? 2_000n : fee
  }

  /** On the last day of a month the month's fees are debited at the merchant's bank. */
  async #billMonth(date: string): Promise<void> {
    if (date !== lastOfMonth(date)) return
    const month = date.slice(0, 6)
    let fees = 0n
    for (let at = startOfDate(`${month}01`)!; shanghai(at).startsWith(month); at += DAY_MS) {
      for (const movement of this.#ground.book.movementsOn(shanghai(at).slice(0, 8))) {
        fees += this.#feeOf(movement)
      }
    }
    const memo = `UPOP ${MER_ID} FEE ${month}`
    if (fees > 0n) await this.#ground.options.onSettlement?.({ date, amount: -fees, memo })
  }
}

/** What a request must repeat to get the same answer: in the clear, since encryption is never twice the same. */
function fingerprintOf(form: Form, party: Form): string {
  const { txnType, bizType, txnTime, txnAmt, currencyCode, accType, origQryId } = form
  const holder = Object.entries(party).sort(([a], [b]) => (a < b ? -1 : 1))
  const facts = [txnType, bizType, txnTime, txnAmt, currencyCode, accType, origQryId, holder]
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64url')
}

const masked = (account: string) =>
  `${account.slice(0, 6)}${'*'.repeat(Math.max(0, account.length - 10))}${account.slice(-4)}`.slice(
    0,
    19,
  )
