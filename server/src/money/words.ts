/**
 * 人民币大写: amounts in capital characters, as the Basic Rules for Filling in Bills and Settlement
 * Vouchers (正确填写票据和结算凭证的基本规定, annex to 支付结算办法) require them. 整 stands after 元, may stand
 * after 角, never after 分. Zeros between digits make one 零, whatever their number.
 *
 * The one thing to get wrong: where 万 or 元 itself is zero and the digit after it is not, 零 may be
 * written or left out. We leave it out after 万 and 亿 and write it after 元, as the first form of the
 * rule's own examples does; the reader takes every permitted form and nothing else.
 */
import type { Money } from './amount.ts'
import { MoneyProblem, type MoneyRefusal, refuse } from './refusals.ts'

const NUMERALS = '零壹贰叁肆伍陆柒捌玖'
const PLACES = ['', '拾', '佰', '仟'] as const
const MOST_YUAN = 10n ** 16n

/** The rule accepts the traditional forms of these characters. */
const TRADITIONAL: Readonly<Record<string, string>> = {
  貳: '贰',
  陸: '陆',
  億: '亿',
  萬: '万',
  圓: '元',
}

/** Which of the optional 零 are written. */
interface Zeros {
  afterYi: boolean
  afterWan: boolean
  afterYuan: boolean
}

/** `¥107,000.53` → `壹拾万柒仟元零伍角叁分`. Stops on another currency, a negative or too large amount. */
export function writeWords(value: Money): string {
  if (value.currency !== 'CNY') {
    throw new MoneyProblem(refuse('words_other_currency', { currency: value.currency }))
  }
  if (value.amount < 0n) throw new MoneyProblem(refuse('words_negative'))
  if (value.amount / 100n >= MOST_YUAN) throw new MoneyProblem(refuse('words_too_large'))
  const written = spell(value.amount, { afterYi: false, afterWan: false, afterYuan: true })
  return written.endsWith('元') ? `${written}整` : written
}

/** `writeWords` with 人民币 before it, as a voucher must carry it. */
export function writeVoucherWords(value: Money): string {
  return `人民币${writeWords(value)}`
}

/**
 * Reads an amount in capital characters, with or without 人民币 before it. Takes the forms the rule
 * permits (optional 零, 整 or 正, the traditional forms it names) and refuses every other.
 */
export function readWords(text: string): Money | MoneyRefusal {
  if (typeof text !== 'string' || text.length > 80) return refuse('words_malformed')
  const plain = [...text.replace(/^人民币/, '')].map((char) => TRADITIONAL[char] ?? char).join('')
  const bare = plain.replace(/[整正]$/, '')
  const match = /^(?:(.+)元)?(?:零?(.)角)?(?:零?(.)分)?$/u.exec(bare)
  if (match === null || bare === '') return refuse('words_malformed')
  const amount =
    readWhole(match[1] ?? '') * 100n + readWhole(match[2] ?? '') * 10n + readWhole(match[3] ?? '')
  // The value is a guess until the text is one of the ways to write it.
  return permitted(amount).includes(plain) ? { amount, currency: 'CNY' } : refuse('words_malformed')
}

/** Every permitted way to write `amount` fen. */
function permitted(amount: bigint): string[] {
  const forms = new Set<string>()
  for (let bits = 0; bits < 8; bits += 1) {
    const zeros = { afterYi: bits >= 4, afterWan: bits % 4 >= 2, afterYuan: bits % 2 === 1 }
    const form = spell(amount, zeros)
    if (!form.endsWith('元')) forms.add(form)
    if (!form.endsWith('分')) forms.add(`${form}整`).add(`${form}正`)
  }
  return [...forms]
}

function spell(amount: bigint, zeros: Zeros): string {
  const yuan = amount / 100n
  const jiao = Number((amount / 10n) % 10n)
  const fen = Number(amount % 10n)
  if (amount === 0n) return '零元'
  let written = yuan === 0n ? '' : `${spellWhole(yuan, zeros)}元`
  if (yuan > 0n && jiao > 0 && yuan % 10n === 0n && zeros.afterYuan) written += '零'
  if (yuan > 0n && jiao === 0 && fen > 0) written += '零'
  if (jiao > 0) written += `${NUMERALS[jiao]}角`
  if (fen > 0) written += `${NUMERALS[fen]}分`
  return written
}

function spellWhole(value: bigint, zeros: Zeros): string {
  const underYi = (part: bigint) => joined(part, 10n ** 4n, '万', zeros.afterWan, spellSection)
  return joined(value, 10n ** 8n, '亿', zeros.afterYi, underYi)
}

/** The parts above and below `unit`, with the 零 between them where one must or may stand. */
function joined(
  value: bigint,
  size: bigint,
  unit: string,
  optionalZero: boolean,
  spellPart: (part: bigint) => string,
): string {
  const above = value / size
  const below = value % size
  if (above === 0n) return spellPart(below)
  if (below === 0n) return spellPart(above) + unit
  const gap = below < size / 10n || (above % 10n === 0n && optionalZero)
  return spellPart(above) + unit + (gap ? '零' : '') + spellPart(below)
}

/** One to four digits: `1009` → `壹仟零玖`. */
function spellSection(value: bigint): string {
  const text = value.toString()
  return [...text]
    .map((digit, at) =>
      digit === '0' ? '零' : NUMERALS[Number(digit)]! + PLACES[text.length - 1 - at],
    )
    .join('')
    .replace(/零+/g, '零')
    .replace(/零$/, '')
}

/** The number a run of capital numerals and places stands for; nonsense gives some other number. */
function readWhole(text: string): bigint {
  for (const [unit, size] of [
    ['亿', 10n ** 8n],
    ['万', 10n ** 4n],
  ] as const) {
    const at = text.lastIndexOf(unit)
    if (at >= 0) return readWhole(text.slice(0, at)) * size + readWhole(text.slice(at + 1))
  }
  let total = 0n
  let digit = 0n
  for (const char of text) {
    const place = PLACES.indexOf(char as (typeof PLACES)[number])
    if (place > 0) {
      total += digit * 10n ** BigInt(place)
      digit = 0n
    } else digit = BigInt(Math.max(0, NUMERALS.indexOf(char)))
  }
  return total + digit
}
