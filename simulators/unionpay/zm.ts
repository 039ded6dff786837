/**
 * The ZM file of a clearing day: a line of fixed-width columns per movement, zipped. The widths are
 * those UnionPay's own sample programs read the file by; codes in the first column are our own choice.
 */
import { deflateSync } from 'node:zlib'
import { type RailBook, type RailMovement, shanghai, zip } from '../channel/index.ts'
import { BIZ_TYPE, TXN_TYPE } from './fields.ts'

const CODES = {
  collect: 'S22',
  refund: 'S30',
  pay: 'S65',
  payout_returned: 'S67',
  chargeback: 'S72',
} as const

/** What brings an order's money back, by the kind of that order. */
const BACK = { payout_returned: 'pay', chargeback: 'collect' } as const

type Filed = keyof typeof CODES

const isFiled = (kind: string): kind is Filed => Object.hasOwn(CODES, kind)

const pad = (value: string | bigint, width: number) => String(value).padStart(width, '0')

/** C or D and 12 digits. */
const signed = (amount: bigint) =>
  (amount < 0n ? 'D' : 'C') + pad(amount < 0n ? -amount : amount, 12)

/** One line; column by column as in section 6.1 of the file interface. */
function lineOf(book: RailBook, movement: RailMovement, merId: string, fee: bigint): string {
  const filed = movement.kind as Filed
  const back = filed === 'payout_returned' || filed === 'chargeback'
  const kind = back ? BACK[filed] : filed
  const order = book.find(kind, movement.reference)!
  const original = order.original === undefined ? undefined : book.find('collect', order.original)
  const size = movement.amount < 0n ? -movement.amount : movement.amount
  const net = kind === 'pay' ? 0n : movement.amount
  const time = shanghai(movement.at).slice(4)
  const origTime = original === undefined ? '' : shanghai(original.movedAt).slice(4)
  const columns: readonly (readonly [number, string])[] = [
    [3, CODES[filed]],
    [11, '00010000'],
    [11, '00010000'],
    [6, movement.number.slice(-6)],
    [10, time],
    [19, order.detail.account ?? ''],
    [12, pad(size, 12)],
    [4, '6513'],
    [2, '07'],
    [21, movement.number],
    [2, ''],
    [32, order.reference],
    [2, '01'],
    [6, original?.number.slice(-6) ?? ''],
    [10, origTime],
    [13, signed(-fee)],
    [13, signed(net)],
    [4, ''],
    [15, ''],
    [2, TXN_TYPE[kind]],
    [2, '00'],
    [6, BIZ_TYPE[kind]],
    [2, order.detail.accType ?? ''],
    [4, ''],
    [32, ''],
    [1, '0'],
    [21, original?.number ?? (back ? order.number : '')],
    [15, merId],
    [1, ''],
    [15, ''],
    [32, ''],
    [13, ''],
    [13, signed(net)],
    [8, ''],
    [32, ''],
    [13, ''],
    [13, ''],
    [12, ''],
    [2, ''],
    [1, ''],
    [32, order.original ?? ''],
    [98, ''],
  ]
  return `${columns.map(([width, text]) => text.padEnd(width).slice(0, width)).join(' ')}\r\n`
}

export interface DayFile {
  readonly merId: string
  readonly date: string
  readonly feeOf: (movement: RailMovement) => bigint
}

/** The file's name and, as `fileContent` carries it, its zip deflated and in base64. */
export function dayFile(book: RailBook, { merId, date, feeOf }: DayFile) {
  const lines = book
    .movementsOn(date)
    .filter(({ kind }) => isFiled(kind))
    .map((movement) => lineOf(book, movement, merId, feeOf(movement)))
  const name = `INN${date.slice(2)}88ZM_${merId}`
  const archive = zip([{ name, bytes: Buffer.from(lines.join(''), 'latin1') }])
  return { fileName: `${name}.zip`, fileContent: deflateSync(archive).toString('base64') }
}
