/** Personal data: what is taken, how it prints, and that nobody without the key learns anything. */
import { createHash, createHmac } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, inspect } from 'node:util'
import { serialize } from 'node:v8'
import fc from 'fast-check'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { isPersonalRefusal, Personal, type PersonalKind, personal } from './personal.ts'
import {
  addPersonalKey,
  loadPersonalKeys,
  newPersonalKeys,
  parsePersonalKeys,
  retirePersonalKey,
} from './personal-keys.ts'
import { PersonalProblem, personalRefusals } from './personal-refusals.ts'
import { createPersonalSeal, type SealedPlace } from './personal-seal.ts'

const REASON = 'test: compare'

function made(kind: PersonalKind, text: string): Personal {
  const value = personal(kind, text)
  if (isPersonalRefusal(value)) throw new Error(value.says)
  return value
}

/** The value read, or the code it is refused with. */
function taken(kind: PersonalKind, value: unknown): string {
  const read = personal(kind, value)
  if (!isPersonalRefusal(read)) return read.reveal(REASON)
  expect(read.says).toMatch(/^[A-Z].*\.$/)
  if (typeof value === 'string' && value.length > 3) expect(read.says).not.toContain(value)
  return read.refused
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (problem) {
    if (problem instanceof PersonalProblem) return problem.refused
    throw problem
  }
  return undefined
}

describe('what is taken', () => {
  test.each([
    // GB 11643's own examples, then one wrong thing a row.
    ['id_number', '11010519491231002X', '11010519491231002X'],
    ['id_number', '440524188001010014', '440524188001010014'],
    ['id_number', '１１０１０５１９４９１２３１００２ｘ', '11010519491231002X'],
    ['id_number', ' 110105 19491231 002x ', '11010519491231002X'],
    ['id_number', '110105194912310021', 'id_number_check'],
    ['id_number', '110105194912310020', 'id_number_check'],
    ['id_number', '991105194912310021', 'id_number_region'],
    ['id_number', '110105194902300029', 'id_number_date'],
    ['id_number', '110105194913310029', 'id_number_date'],
    ['id_number', '110105190002290029', 'id_number_date'],
    ['id_number', '110105491231002', 'id_number_old'],
    ['id_number', '1101051949123100', 'id_number_malformed'],
    ['id_number', '1101051949123100XX', 'id_number_malformed'],
    ['id_number', '', 'personal_empty'],
    ['id_number', 110105194912310, 'personal_not_text'],
    ['card', '6216261000000000018', '6216261000000000018'],
    ['card', '6222 6002 6000 1072 444', '6222600260001072444'],
    ['card', '4111-1111-1111-1111', '4111111111111111'],
    ['card', '6216261000000000019', 'card_check'],
    ['card', '411111111111', 'card_malformed'],
    ['card', '62162610000000000180', 'card_malformed'],
    ['card', '6216261000a00000018', 'card_malformed'],
    ['phone', '13812341234', '13812341234'],
    ['phone', '+86 138-1234-1234', '13812341234'],
    ['phone', '008613812341234', '13812341234'],
    ['phone', '8613812341234', '13812341234'],
    ['phone', '（＋８６）１３８１２３４１２３４', '13812341234'],
    ['phone', '12812341234', 'phone_malformed'],
    ['phone', '1381234123', 'phone_malformed'],
    ['phone', '+8513812341234', 'phone_malformed'],
    ['name', '张三', '张三'],
    ['name', ' 张 三 ', '张三'],
    ['name', '阿不都•热合曼', '阿不都·热合曼'],
    ['name', 'John  Smith', 'John Smith'],
    ['name', 'Ｊｏｈｎ', 'John'],
    ['name', '张3', 'name_malformed'],
    ['name', '张\u200b三', 'name_malformed'],
    ['name', '<b>', 'name_malformed'],
    ['name', '   ', 'personal_empty'],
    ['name', '张'.repeat(121), 'personal_too_long'],
    ['name', null, 'personal_not_text'],
  ] as const)('%s %s is %s', (kind, value, wanted) => {
    expect(taken(kind, value)).toBe(wanted)
  })

  test('one wrong or swapped digit of an ID number or card is always seen', () => {
    const digits = fc.stringMatching(/^\d{17}$/)
    fc.assert(
      fc.property(digits, fc.nat(16), fc.integer({ min: 1, max: 9 }), (tail, at, by) => {
        const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        const body = `11010519491231${tail.slice(0, 3)}`
        const total = weights.reduce((sum, weight, i) => sum + weight * Number(body[i]), 0)
        const right = body + '10X98765432'[total % 11]
        expect(taken('id_number', right)).toBe(right)
        const wrong = right.slice(0, at) + ((Number(right[at]) + by) % 10) + right.slice(at + 1)
        expect(taken('id_number', wrong)).toMatch(/^id_number_/)
        const card = '6222600260001072444'
        const mistyped = card.slice(0, at) + ((Number(card[at]) + by) % 10) + card.slice(at + 1)
        expect(taken('card', mistyped)).toBe('card_check')
      }),
    )
  })
})

describe('how it prints', () => {
  test.each([
    ['name', '张三', '张*'],
    ['name', '张三丰', '张**'],
    ['name', '欧阳娜娜', '欧阳**'],
    ['name', '欧阳修', '欧阳*'],
    ['name', '欧阳', '欧*'],
    ['name', '单', '单*'],
    ['name', 'John Smith', 'J***'],
    ['id_number', '11010519491231002X', '1****************X'],
    ['id_number', '440524188001010014', '4****************4'],
    ['card', '6216261000000000018', '621626*********0018'],
    ['phone', '13812341234', '138****1234'],
  ] as const)('%s %s as %s', (kind, plain, masked) => {
    expect(made(kind, plain).masked()).toBe(masked)
  })

  const values = [
    made('name', '司马相如'),
    made('id_number', '11010519491231002X'),
    made('card', '6216261000000000018'),
    made('phone', '13987654321'),
  ]
  /** The middle of each value, which no mask shows. */
  const hidden = ['相如', '0105194912310', '100000000', '9876']

  test('nothing plain comes out of any way of printing', () => {
    const holder = { buyer: { parties: values }, map: new Map([['a', values[0]]]) }
    const lines: string[] = []
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
    log.info({ values, holder, value: values[1] }, `paid by ${values[3]}`)
    log.child({ owner: values[2] }).error(new Error(`refused for ${values[3]}`, { cause: values }))
    const cause = Object.assign(new Error('with a field'), { payer: values[1] })
    log.error({ err: cause, error: cause })
    const printed = [
      ...lines,
      `${values}`,
      values.map(String).join(),
      '' + values[1],
      JSON.stringify(holder),
      JSON.stringify({ ...values[1] }),
      inspect(holder, { depth: 9, showHidden: true, getters: true }),
      inspect(values[1], { customInspect: false, showHidden: true, depth: 9 }),
      format('%s %o %O %j %d', values[0], values[1], values[2], values[3], values[1]),
      Object.entries(values[1]!).join(),
      serialize(structuredClone(Object.assign({}, values[1]))).toString('latin1'),
      values[1]!.toLocaleString(),
    ].join('\n')
    expect(printed).toContain('138****1234'.slice(3, 7))
    expect(printed).toContain('司马**')
    for (const secret of hidden) expect(printed).not.toContain(secret)
  })

  test('revealing takes a reason', () => {
    expect(values[0]!.reveal('bank: open sub-account')).toBe('司马相如')
    expect(() => values[0]!.reveal(' ')).toThrow('reason')
  })

  test('equality needs the same kind and value', () => {
    expect(made('phone', '+8613987654321').equals(values[3]!)).toBe(true)
    expect(made('phone', '13987654322').equals(values[3]!)).toBe(false)
    expect(new Personal('name', '13987654321').equals(values[3]!)).toBe(false)
  })
})

describe('sealed', () => {
  const ring = parsePersonalKeys(newPersonalKeys(), 'test')
  const seal = createPersonalSeal(ring)
  const place: SealedPlace = { table: 'custody.party', column: 'name', org: 1, row: 'cp_1_a' }
  const value = made('id_number', '11010519491231002X')

  test('opens to the same value, and no two envelopes are alike', () => {
    const envelopes = Array.from({ length: 50 }, () => seal.seal(value, place))
    expect(new Set(envelopes).size).toBe(50)
    for (const envelope of envelopes) {
      expect(envelope).toMatch(/^v1\.A256GCM\.k1\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/)
      const bytes = envelope
        .split('.')
        .slice(3)
        .map((part) => Buffer.from(part, 'base64url'))
      expect(Buffer.concat(bytes).includes('110105')).toBe(false)
      expect(seal.open('id_number', envelope, place).equals(value)).toBe(true)
    }
  })

  test('any name, card or phone comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string(), (text, row) => {
        const name = new Personal('name', text)
        const there = { ...place, row }
        expect(seal.open('name', seal.seal(name, there), there).equals(name)).toBe(true)
      }),
    )
  })

  test.each([
    ['another row', { row: 'cp_1_b' }],
    ['another column', { column: 'alias' }],
    ['another table', { table: 'custody.case' }],
    ['another organisation', { org: 2 }],
    ['a place that only reads alike', { column: 'name","x', row: '' }],
  ])('moved to %s it does not open', (_, change) => {
    const envelope = seal.seal(value, place)
    const open = () => seal.open('id_number', envelope, { ...place, ...change })
    expect(codeOf(open)).toBe('envelope_does_not_open')
  })

  test('read as another kind it does not open', () => {
    const envelope = seal.seal(value, place)
    expect(codeOf(() => seal.open('card', envelope, place))).toBe('envelope_does_not_open')
  })

  test('with any one character changed it does not open', () => {
    const envelope = seal.seal(value, place)
    for (let at = 0; at < envelope.length; at += 1) {
      const other = envelope[at] === 'A' ? 'B' : 'A'
      const changed = envelope.slice(0, at) + other + envelope.slice(at + 1)
      // The last base64 character of a part carries bits that are not used; they change nothing.
      const same = (text: string) =>
        text
          .split('.')
          .slice(3)
          .map((part) => Buffer.from(part, 'base64url').toString('hex'))
          .join()
      if (changed.startsWith('v1.A256GCM.k1.') && same(changed) === same(envelope)) continue
      expect(codeOf(() => seal.open('id_number', changed, place))).toMatch(/^envelope_/)
    }
  })

  test.each([
    ['', 'envelope_malformed'],
    ['11010519491231002X', 'envelope_malformed'],
    ['v2.A256GCM.k1.AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA', 'envelope_malformed'],
    ['v1.A256GCM.k1.AAAAAAAAAAAAAAAA.AA.AAAAAAAA', 'envelope_malformed'],
    ['v1.A256GCM.k9.AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA', 'envelope_key_unknown'],
  ])('%s is %s', (envelope, code) => {
    expect(codeOf(() => seal.open('id_number', envelope, place))).toBe(code)
  })

  test('another ring with the same key id opens nothing', () => {
    const other = createPersonalSeal(parsePersonalKeys(newPersonalKeys(), 'test'))
    const envelope = seal.seal(value, place)
    expect(codeOf(() => other.open('id_number', envelope, place))).toBe('envelope_does_not_open')
  })

  test('a rotated ring opens the old, seals with the new, and finds both', () => {
    const old = newPersonalKeys()
    const before = createPersonalSeal(parsePersonalKeys(old, 'test'))
    const rotated = addPersonalKey(addPersonalKey(old))
    const after = createPersonalSeal(parsePersonalKeys(rotated, 'test'))
    const envelope = before.seal(value, place)
    expect(after.open('id_number', envelope, place).equals(value)).toBe(true)
    expect([after.isOutdated(envelope), before.isOutdated(envelope)]).toEqual([true, false])
    expect(after.seal(value, place)).toContain('v1.A256GCM.k3.')
    expect(after.blindIndex(value)).toEqual(before.blindIndex(value))
  })
})

describe('the blind index', () => {
  const ring = parsePersonalKeys(newPersonalKeys(), 'test')
  const seal = createPersonalSeal(ring)

  test('is equal for every way of writing one value, and 16 bytes', () => {
    const ways = [
      '13812341234',
      '+86 138 1234 1234',
      '１３８１２３４１２３４',
      '0086-138-1234-1234',
    ]
    const indexes = ways.map((way) =>
      Buffer.from(seal.blindIndex(made('phone', way))).toString('hex'),
    )
    expect(new Set(indexes).size).toBe(1)
    expect(indexes[0]).toMatch(/^[0-9a-f]{32}$/)
    const hex = (value: Personal) => Buffer.from(seal.blindIndex(value)).toString('hex')
    expect(hex(made('name', 'john smith'))).toBe(hex(made('name', 'JOHN  SMITH')))
    expect(hex(made('id_number', '11010519491231002x'))).toBe(
      hex(made('id_number', '11010519491231002X')),
    )
  })

  test('one text under two kinds has two indexes', () => {
    const text = '13812341234'
    const indexes = (['name', 'card', 'phone', 'id_number'] as const).map((kind) =>
      Buffer.from(seal.blindIndex(new Personal(kind, text))).toString('hex'),
    )
    expect(new Set(indexes).size).toBe(4)
  })

  test('a dictionary of every candidate finds nothing without the key, and the value with it', () => {
    // The attacker knows the prefix, so that only 10,000 numbers are left, and our source code.
    const target = '13812345678'
    const stolen = Buffer.from(seal.blindIndex(made('phone', target))).toString('hex')
    const candidates = Array.from(
      { length: 10_000 },
      (_, n) => `1381234${String(n).padStart(4, '0')}`,
    )
    expect(candidates).toContain(target)
    const emptyRing = createPersonalSeal({ ...ring, index: new Uint8Array(32) })
    const guesses: ((text: string) => Buffer)[] = [
      (text) => createHash('sha256').update(text).digest(),
      (text) => createHash('sha256').update(`phone${text}`).digest(),
      (text) => createHmac('sha256', '').update(text).digest(),
      (text) => createHmac('sha256', 'tenon personal index v1 phone').update(text).digest(),
      (text) => Buffer.from(emptyRing.blindIndex(new Personal('phone', text))),
    ]
    for (const guess of guesses) {
      expect(
        candidates.find((text) => guess(text).toString('hex').startsWith(stolen)),
      ).toBeUndefined()
    }
    const holder = candidates.find(
      (text) =>
        Buffer.from(seal.blindIndex(new Personal('phone', text))).toString('hex') === stolen,
    )
    expect(holder).toBe(target)
  })
})

describe('the key ring', () => {
  let folder: string
  let file: string
  let database: TestDatabase
  const now = Date.UTC(2026, 0, 1)
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.drop())
  beforeEach(async () => {
    await database.db.query('delete from base.personal_key')
    folder = await mkdtemp(join(tmpdir(), 'tenon-keys-'))
    file = join(folder, 'data', 'personal.key')
    return () => rm(folder, { recursive: true })
  })
  const load = (text?: string) => loadPersonalKeys({ text, file, db: database.db, now })
  const refusal = async (text?: string) => {
    const problem = await load(text).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(problem).toBeInstanceOf(PersonalProblem)
    return problem as PersonalProblem
  }

  test('is made on the first start, readable by its owner only, and found again', async () => {
    const first = await load()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(folder, 'data'))).toEqual(['personal.key'])
    expect(await load()).toEqual(first)
    const rows = await database.db.query(
      'select key_id, fingerprint from base.personal_key order by 1',
    )
    expect(rows.map((row) => (row as { key_id: string }).key_id)).toEqual(['index', 'k1'])
    const text = await readFile(file, 'utf8')
    for (const entry of text.trim().split(',')) {
      expect(JSON.stringify(rows)).not.toContain(entry.split(':')[1])
    }
  })

  test('ten servers starting at once have one ring', async () => {
    const rings = await Promise.all(Array.from({ length: 10 }, () => load()))
    for (const ring of rings) expect(ring).toEqual(rings[0])
  })

  test('comes from the environment before the file', async () => {
    const text = newPersonalKeys()
    expect(await load(text)).toEqual(parsePersonalKeys(text, 'test'))
    await expect(stat(file)).rejects.toThrow('ENOENT')
  })

  test('lost with existing data is refused, and nothing is made in its place', async () => {
    await load()
    await rm(file)
    const problem = await refusal()
    expect(problem.refused).toBe('personal_keys_lost')
    expect(problem.message).toContain(file)
    await expect(stat(file)).rejects.toThrow('ENOENT')
  })

  test('another one with the same ids is refused', async () => {
    await load()
    expect((await refusal(newPersonalKeys())).refused).toBe('personal_keys_other')
  })

  test('may gain keys, and lose one only after it was retired', async () => {
    const old = newPersonalKeys()
    await load(old)
    const rotated = addPersonalKey(old)
    expect((await load(rotated)).active).toBe('k2')
    const without = rotated
      .split(',')
      .filter((entry) => !entry.startsWith('k1:'))
      .join(',')
    expect((await refusal(without)).refused).toBe('personal_keys_lost')
    await database.db.tx((tx) => retirePersonalKey(tx, 'k1'))
    expect([...(await load(without)).keys.keys()]).toEqual(['k2'])
  })

  test('readable by others is refused', async () => {
    await load()
    await chmod(file, 0o640)
    const problem = await refusal()
    expect(problem.refused).toBe('personal_keys_open_to_others')
    expect(problem.message).toContain('chmod 600')
  })

  const key = Buffer.alloc(32, 7).toString('base64')
  test.each([
    ['', 'entry 1'],
    ['k1', 'entry 1'],
    [`index:${key}`, 'no sealing key'],
    [`k1:${key}`, '"index" is missing'],
    [`index:${key},k1:${key},k1:${key}`, 'comes twice'],
    [`index:${key},k1:AAAA`, 'entry 2'],
    [`index:${key},K 1:${key}`, 'entry 2'],
    [`index:${key},k1:${key},`, 'entry 3'],
  ])('written as %j is refused', async (text, why) => {
    await load()
    await writeFile(file, text, { mode: 0o600 })
    const problem = await refusal()
    expect(problem.refused).toBe('personal_keys_malformed')
    expect(problem.message).toContain(why)
    expect(problem.message).not.toContain(key)
  })
})

test('every refusal is a sentence', () => {
  for (const { says } of Object.values(personalRefusals)) {
    expect(says).toMatch(/^[A-Z].*(\.|chmod 600 \{source\})$/)
  }
})
