/**
 * Personal data: names, ID numbers, bank cards and phones, as one type.
 *
 * A `Personal` shows itself masked however it is printed — string, template, JSON, log, inspect —
 * and gives the plain value only to `reveal(reason)`. The one thing to get wrong: a plain string
 * taken out by `reveal` and kept in a variable is no longer protected by anything. Pass the
 * `Personal` on, and reveal at the last line that needs it.
 */
import { timingSafeEqual } from 'node:crypto'
import { must } from './must.ts'
import { type PersonalRefusal, refusePersonal } from './personal-refusals.ts'

/** `secret`: what must be read again and shown to nobody, such as the seed of one-time codes. */
export type PersonalKind = 'name' | 'id_number' | 'card' | 'phone' | 'secret'

const kindNames: Record<PersonalKind, string> = {
  name: 'name',
  id_number: 'ID number',
  card: 'card number',
  phone: 'phone number',
  secret: 'secret',
}

const MOST_CHARACTERS = 120

/** A name, ID number, card or phone that prints masked. Make one with `personal`. */
export class Personal {
  readonly kind: PersonalKind
  // A private field: neither JSON, spread, structured clone nor inspect can reach it.
  readonly #plain: string

  /** For `personal` and for opening a sealed value; `plain` is already normalised. */
  constructor(kind: PersonalKind, plain: string) {
    this.kind = kind
    this.#plain = plain
  }

  /** The plain value. `reason` says what it is needed for, such as `bank: open sub-account`. */
  reveal(reason: string): string {
    must(reason.trim().length >= 3, 'revealing personal data needs a reason')
    return this.#plain
  }

  /** The masked form: 张*, 1****************2, 622848*********1234, 138****1234. */
  masked(): string {
    return masks[this.kind](this.#plain)
  }

  /** Whether both are the same kind and value; takes the same time wherever they differ. */
  equals(other: Personal): boolean {
    const [mine, theirs] = [Buffer.from(this.#plain), Buffer.from(other.#plain)]
    return (
      this.kind === other.kind && mine.length === theirs.length && timingSafeEqual(mine, theirs)
    )
  }

  toString(): string {
    return this.masked()
  }

  toJSON(): string {
    return this.masked()
  }

  [Symbol.toPrimitive](): string {
    return this.masked()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.masked()
  }
}

/**
 * Reads personal data from outside: normalises it (full-width characters, blanks, x → X, +86) and
 * checks it. Returns the value or a refusal whose sentence does not repeat it.
 */
export function personal(kind: PersonalKind, value: unknown): Personal | PersonalRefusal {
  const name = { kind: kindNames[kind] }
  if (typeof value !== 'string') return refusePersonal('personal_not_text', name)
  if (value.length > MOST_CHARACTERS) {
    return refusePersonal('personal_too_long', { ...name, most: String(MOST_CHARACTERS) })
  }
  const plain = normalisers[kind](value.normalize('NFKC'))
  if (plain === '') return refusePersonal('personal_empty', name)
  return checks[kind](plain) ?? new Personal(kind, plain)
}

/** Tells a refusal from a value. */
export function isPersonalRefusal(value: Personal | PersonalRefusal): value is PersonalRefusal {
  return !(value instanceof Personal)
}

const normalisers: Record<PersonalKind, (text: string) => string> = {
  name: (text) =>
    text
      .trim()
      .replace(/\s+/g, ' ')
      // People type blanks between the characters of a Chinese name, and six kinds of middle dot.
      .replace(/(?<=\p{Script=Han}) (?=\p{Script=Han})/gu, '')
      .replace(/(?<=\p{Script=Han}) ?[•・‧∙⋅.] ?(?=\p{Script=Han})/gu, '·'),
  id_number: (text) => text.replace(/\s/g, '').toUpperCase(),
  card: (text) => text.replace(/[\s-]/g, ''),
  phone: (text) => text.replace(/[\s()-]/g, '').replace(/^(?:\+86|0086|86)(?=1\d{10}$)/, ''),
  secret: (text) => text,
}

const checks: Record<PersonalKind, (plain: string) => PersonalRefusal | undefined> = {
  name: (plain) =>
    /^[\p{L}\p{M}][\p{L}\p{M} ·.’'()-]*$/u.test(plain)
      ? undefined
      : refusePersonal('name_malformed'),
  id_number: checkIdNumber,
  card: (plain) => {
    if (!/^\d{13,19}$/.test(plain)) return refusePersonal('card_malformed')
    return passesLuhn(plain) ? undefined : refusePersonal('card_check')
  },
  phone: (plain) => (/^1[3-9]\d{9}$/.test(plain) ? undefined : refusePersonal('phone_malformed')),
  secret: () => undefined,
}

/**
 * GB/T 2260 province codes; 81, 82 and 83 stand on residence permits for Hong Kong, Macao and
 * Taiwan people. The four digits below them change over the years and are not checked.
 */
const provinces = new Set(
  (
    '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 ' +
    '61 62 63 64 65 71 81 82 83'
  ).split(' '),
)

/** GB 11643-1999: region, date of birth, order code, ISO 7064 MOD 11-2 check character. */
function checkIdNumber(plain: string): PersonalRefusal | undefined {
  if (/^\d{15}$/.test(plain)) return refusePersonal('id_number_old')
  if (!/^\d{17}[0-9X]$/.test(plain)) return refusePersonal('id_number_malformed')
  if (!provinces.has(plain.slice(0, 2))) return refusePersonal('id_number_region')
  if (!isDate(plain.slice(6, 14))) return refusePersonal('id_number_date')
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  const total = weights.reduce((sum, weight, at) => sum + weight * Number(plain[at]), 0)
  return '10X98765432'[total % 11] === plain[17] ? undefined : refusePersonal('id_number_check')
}

/** Whether `yyyymmdd` is a day of the calendar from 1800 on. */
function isDate(text: string): boolean {
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)].map(Number)
  if (year! < 1800 || month! < 1 || month! > 12 || day! < 1) return false
  const leap = year! % 4 === 0 && (year! % 100 !== 0 || year! % 400 === 0)
  return day! <= [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month! - 1]!
}

/** ISO/IEC 7812-1: every second digit from the right doubled, digits summed, divisible by ten. */
function passesLuhn(digits: string): boolean {
  const total = [...digits].reverse().reduce((sum, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 1 : 2)
    return sum + (value > 9 ? value - 9 : value)
  }, 0)
  return total % 10 === 0
}

const compoundSurnames = new Set(
  (
    '欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 长孙 宇文 司徒 司空 夏侯 令狐 轩辕 端木 百里 ' +
    '呼延 南宫 东郭 西门 独孤 澹台 公冶 宗政 濮阳 淳于 单于 太叔 申屠 仲孙 钟离 鲜于 闾丘 亓官 ' +
    '司寇 万俟 赫连 闻人 第五 拓跋 完颜 纳兰 叶赫 歐陽 諸葛 東方 長孫'
  ).split(' '),
)

const masks: Record<PersonalKind, (plain: string) => string> = {
  name: maskName,
  id_number: (plain) => keepEnds(plain, 1, 1),
  card: (plain) => keepEnds(plain, 6, 4),
  phone: (plain) => keepEnds(plain, 3, 4),
  secret: () => '******',
}

/** The surname stays, a star for every further character; a name in letters keeps its first. */
function maskName(plain: string): string {
  const characters = [...plain]
  if (!/^\p{Script=Han}/u.test(plain)) return `${characters[0] ?? ''}***`
  const surname = characters.slice(0, 2).join('')
  const shown = characters.length > 2 && compoundSurnames.has(surname) ? 2 : 1
  return characters.slice(0, shown).join('') + '*'.repeat(Math.max(1, characters.length - shown))
}

function keepEnds(plain: string, front: number, back: number): string {
  const hidden = plain.length - front - back
  return plain.slice(0, front) + '*'.repeat(hidden) + plain.slice(plain.length - back)
}

/** The form equality is judged by: names ignore case, the rest is already in its one form. */
export function indexForm(kind: PersonalKind, plain: string): string {
  return kind === 'name' ? plain.toUpperCase() : plain
}
