import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readDeal } from './deal.ts'
import type { Problem } from './problem.ts'
import { readScheme, type Scheme } from './scheme.ts'

const root = new URL('../../../schemes/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, root), 'utf8')
const scheme = (() => {
  const result = readScheme(read('resale-home.yaml'))
  if (!('scheme' in result)) throw new Error(JSON.stringify(result))
  return result.scheme
})()
const sample = () => JSON.parse(read('samples/resale-home.json')) as Json
type Json = Record<string, unknown>

/** Sets (or with `undefined` removes) the field a JSON pointer names. */
function set(document: Json, pointer: string, value: unknown): Json {
  const steps = pointer.slice(1).split('/')
  const last = steps.pop()!
  let at = document
  for (const step of steps) at = at[step] as Json
  if (value !== undefined) at[last] = value
  else if (Array.isArray(at)) at.splice(Number(last), 1)
  else delete at[last]
  return document
}

const cny = (amount: unknown) => ({ amount, currency: 'CNY' })

describe('a deal with a mistake is refused by the path of its field', () => {
  const at = '/amounts/deposit'
  test.each<[string, string, unknown, string, string]>([
    // what is wrong, where it is put, what is put there, pointer reported, code
    ['no deal number', '/deal', undefined, '/deal', 'field_missing'],
    ['a blank deal number', '/deal', ' ', '/deal', 'field_malformed'],
    ['no scheme', '/scheme', undefined, '/scheme', 'field_missing'],
    ['an unknown scheme', '/scheme', 'resale-boat', '/scheme', 'scheme_unknown'],
    ['no parties', '/parties', undefined, '/parties', 'field_missing'],
    ['parties as an object', '/parties', {}, '/parties', 'field_malformed'],
    ['an unknown field', '/price', '1', '/price', 'field_unknown'],
    ['a field with a slash', '/a~1b', 1, '/a~01b', 'field_unknown'],
    ['a missing party', '/parties/1', undefined, '/parties', 'party_missing'],
    ['a party twice', '/parties/1/role', 'buyer', '/parties/1/role', 'party_twice'],
    ['an unknown role', '/parties/1/role', 'notary', '/parties/1/role', 'role_unknown'],
    ['a prototype as role', '/parties/1/role', 'constructor', '/parties/1/role', 'role_unknown'],
    ['no name', '/parties/0/name', undefined, '/parties/0/name', 'field_missing'],
    ['an empty name', '/parties/0/name', '', '/parties/0/name', 'field_malformed'],
    ['a name with a line end', '/parties/0/name', '王\n明', '/parties/0/name', 'field_malformed'],
    [
      'a name with hidden signs',
      '/parties/0/name',
      '王\u202e明',
      '/parties/0/name',
      'field_malformed',
    ],
    ['an unknown party field', '/parties/0/age', 40, '/parties/0/age', 'field_unknown'],
    [
      'a wrong ID check digit',
      '/parties/0/id_number',
      '110105194912310021',
      '/parties/0/id_number',
      'id_number_wrong',
    ],
    [
      'a wrong credit code',
      '/parties/1/id_number',
      '91110105710000013Q',
      '/parties/1/id_number',
      'id_number_wrong',
    ],
    [
      'a short mobile number',
      '/parties/0/mobile',
      '1380000123',
      '/parties/0/mobile',
      'field_malformed',
    ],
    [
      'no bank account',
      '/parties/2/bank_account',
      undefined,
      '/parties/2/bank_account',
      'field_missing',
    ],
    [
      'letters in an account number',
      '/parties/2/bank_account/number',
      '62226002AA',
      '/parties/2/bank_account/number',
      'field_malformed',
    ],
    [
      'an account number as number',
      '/parties/2/bank_account/number',
      6222600260001072,
      '/parties/2/bank_account/number',
      'field_malformed',
    ],
    [
      'two parties, one account',
      '/parties/2/bank_account/number',
      '6216261000000000018',
      '/parties/2/bank_account/number',
      'bank_account_twice',
    ],
    ['no price', '/amounts/price', undefined, '/amounts/price', 'amount_missing'],
    ['an unknown amount', '/amounts/tax', cny('1'), '/amounts/tax', 'amount_unknown'],
    [
      'a computed amount stated',
      '/amounts/agency_fee',
      cny('1'),
      '/amounts/agency_fee',
      'amount_unknown',
    ],
    ['an amount without currency', at, '20000000', at, 'money_not_object'],
    ['an amount as number', at, cny(20000000), `${at}/amount`, 'amount_is_number'],
    ['a float as text', at, cny('200000.00'), `${at}/amount`, 'amount_has_point'],
    ['full-width digits', at, cny('２００'), `${at}/amount`, 'amount_full_width'],
    ['thousands separators', at, cny('20,000,000'), `${at}/amount`, 'amount_has_separator'],
    ['an exponent', at, cny('2e7'), `${at}/amount`, 'amount_has_exponent'],
    ['a negative amount', at, cny('-20000000'), `${at}/amount`, 'amount_negative'],
    ['leading zeros', at, cny('020000000'), `${at}/amount`, 'amount_leading_zero'],
    ['over int8', at, cny('9223372036854775808'), `${at}/amount`, 'amount_over_int8'],
    ['nothing', at, cny('0'), `${at}/amount`, 'amount_zero'],
    [
      'no such currency',
      at,
      { amount: '1', currency: 'RMB' },
      `${at}/currency`,
      'currency_unknown',
    ],
    [
      'another currency',
      at,
      { amount: '1', currency: 'HKD' },
      `${at}/currency`,
      'currency_differs',
    ],
    ['a money field too many', at, { ...cny('1'), unit: 'fen' }, at, 'money_field_unknown'],
    [
      'price not own funds and loan',
      '/amounts/price',
      cny('680000001'),
      '/amounts/price',
      'amounts_differ',
    ],
    ['a deposit that changes the sum', at, cny('20000001'), '/amounts/price', 'amounts_differ'],
    [
      'hold-backs over the own funds',
      '/amounts/hand_over_hold_back',
      cny('248000000'),
      '/amounts',
      'amount_not_positive',
    ],
  ])('%s', (_, place, value, pointer, code) => {
    const result = readDeal(set(sample(), place, value), [scheme])
    expect(result).toEqual(expect.arrayContaining([expect.objectContaining({ pointer, code })]))
    for (const problem of result as Problem[]) expect(problem.says).toMatch(/[.。]$/)
  })

  test('text that is not JSON', () => {
    expect(readDeal('{"deal":', [scheme])).toMatchObject([{ pointer: '', code: 'not_readable' }])
  })

  test('all mistakes are told at once', () => {
    const deal = set(set(sample(), '/parties/0/id_number', '110105194912310021'), at, cny('0'))
    expect(readDeal(deal, [scheme])).toHaveLength(2)
  })
})

describe('the samples', () => {
  test('the worked example comes to its known amounts', () => {
    const result = readDeal(read('samples/resale-home.json'), [scheme])
    expect('deal' in result && result.deal.amounts).toMatchObject({
      agency_fee: 6_800_000n,
      own_funds: 248_000_000n,
      seller_at_transfer: 231_200_000n,
    })
  })

  test('an odd price leaves what rounding leaves to the seller', () => {
    const result = readDeal(read('samples/resale-home-odd-amounts.json'), [scheme])
    const amounts = 'deal' in result ? result.deal.amounts : {}
    // 1 % of 3,456,789.55 is 34,567.8955.
    expect(amounts.agency_fee).toBe(3_456_790n)
    expect(amounts.seller_at_transfer).toBe(145_678_952n - 3_456_790n - 3_333_333n - 1n)
  })

  test('names of a scheme are not looked up on prototypes', () => {
    const odd = structuredClone(scheme) as Scheme & { scheme: string }
    odd.scheme = 'toString'
    expect(readDeal(sample(), [odd])).toMatchObject([{ pointer: '/scheme' }])
  })
})
