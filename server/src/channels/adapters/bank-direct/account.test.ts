/** Our account at the simulated bank, seen through the adapter and judged by the bank's own book. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { httpNet, Personal, seededRng, simulatedClock } from '#base'
import {
  type BankDirectOptions,
  type BankDirectRail,
  newKeyPair,
  privatePem,
  publicPem,
  startBankDirect,
} from '../../../../../simulators/bank-direct/index.ts'
import type { BankLine } from '../../payment-channel.ts'
import { payoutsOver } from '../../testing/payouts.ts'
import { type BankDirect, type BankDirectKeys, bankDirect, readBankDirectKeys } from './adapter.ts'

/** 2026-03-03 10:00 in Shanghai, a Tuesday. */
const TUESDAY = Date.UTC(2026, 2, 3, 2)
const DAY = 86_400_000
const HOUR = 3_600_000
const userId = 'N003261207'
const account = '755947919810515'
const sm4KeyHex = '0123456789abcdeffedcba9876543210'
const [ours, theirs] = [newKeyPair(), newKeyPair()]
const folder = mkdtempSync(join(tmpdir(), 'tenon-bank-direct-book-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let keys: BankDirectKeys | undefined
let rail: BankDirectRail
let bank: BankDirect
let clock = simulatedClock(TUESDAY)

async function open(options: Partial<BankDirectOptions> = {}): Promise<void> {
  const clientPublicKeyPem = publicPem(ours)
  const facts = { userId, account, sm4KeyHex, clientPublicKeyPem, key: theirs }
  rail = await startBankDirect({ ...facts, ...options })
  await rail.admin.setClock(clock.now())
  const settings = {
    url: rail.url,
    userId,
    account,
    bank: 'CMB',
    privateKeyPem: privatePem(ours),
    bankPublicKeyPem: rail.bankPublicKeyPem,
    sm4KeyHex,
    firstDate: '20260301',
    timing: { timeoutMs: 2_000 },
  }
  keys ??= readBankDirectKeys(settings)
  const world = { net: httpNet({ clock }), rng: seededRng(3), clock, wall: { now: Date.now } }
  bank = bankDirect(settings, world, keys)
}

async function move(to: number): Promise<void> {
  await clock.advance(to - clock.now())
  await rail.admin.setClock(to)
  await rail.admin.idle()
}

beforeEach(async () => {
  clock = simulatedClock(TUESDAY)
  await open()
})
afterEach(() => rail.close())

const { order, pay, ask } = payoutsOver(() => ({ channel: bank, clock }))

async function allLines(): Promise<{ lines: BankLine[]; cursor: string }> {
  const lines: BankLine[] = []
  for (let cursor = ''; ; ) {
    const page = await bank.readBankLines!(cursor)
    lines.push(...page.lines)
    if (page.lines.length === 0) return { lines, cursor }
    cursor = page.cursor
  }
}

const signed = ({ side, amount }: BankLine) => (side === 'in' ? amount : -amount)
const sum = (lines: readonly BankLine[]) => lines.reduce((all, line) => all + signed(line), 0n)

describe('the statement', () => {
  test('tells what came and went by itself, each as what it is', async () => {
    await rail.admin.receiveSettlement({ date: '20260302', amount: 9_962_000n, memo: 'WX20260302' })
    await rail.admin.enter({
      kind: 'incoming',
      amount: 500_000_00n,
      memo: '定金 FK7-Q4MN-2',
      name: '王芳',
      account: '6217000010012345678',
      paidTo: '7559479198000042',
    })
    await rail.admin.enter({ kind: 'fee', amount: 2_000n, memo: '汇款手续费' })
    await rail.admin.enter({ kind: 'interest', amount: 123n, memo: '结息' })
    await rail.admin.enter({ kind: 'court_deduction', amount: 30_000_00n, memo: '司法扣划' })
    await rail.admin.enter({ kind: 'unknown_debit', amount: 1n, memo: '' })
    const { lines } = await allLines()
    expect(lines.map(({ kind, side, amount }) => [kind, side, amount])).toEqual([
      ['plain', 'in', 9_962_000n],
      ['plain', 'in', 50_000_000n],
      ['fee', 'out', 2_000n],
      ['interest', 'in', 123n],
      ['court_deduction', 'out', 3_000_000n],
      ['plain', 'out', 1n],
    ])
    expect(lines[0]).toMatchObject({ memo: 'WX20260302', currency: 'CNY', date: '20260303' })
    expect(lines[1]).toMatchObject({ memo: '定金 FK7-Q4MN-2', paidTo: '7559479198000042' })
    expect(lines[1]?.counterpartName?.reveal('a test')).toBe('王芳')
    expect(sum(lines)).toBe(rail.admin.balance())
    const { booked, available } = await bank.balance()
    expect([booked, available]).toEqual([rail.admin.balance(), rail.admin.balance()])
  })

  test('is read in pages of 200, and a cursor is taken up again later', async () => {
    for (let i = 1; i <= 450; i += 1) {
      await rail.admin.enter({ kind: 'incoming', amount: BigInt(i), memo: `${i}` })
      if (i === 230) await move(TUESDAY + DAY)
    }
    const first = await bank.readBankLines!('')
    expect(first.lines).toHaveLength(200)
    expect(await bank.readBankLines!('')).toEqual(first)
    const { lines, cursor } = await allLines()
    expect(lines.map(({ memo }) => memo)).toEqual(
      Array.from({ length: 450 }, (_, i) => String(i + 1)),
    )
    expect(new Set(lines.map(({ flow }) => flow)).size).toBe(450)
    await move(TUESDAY + 2 * DAY)
    await rail.admin.enter({ kind: 'incoming', amount: 7n, memo: 'later' })
    const later = await bank.readBankLines!(cursor)
    expect(later.lines.map(({ memo }) => memo)).toEqual(['later'])
    expect(sum(lines) + 7n).toBe(rail.admin.balance())
  })

  test('of a bank out of reach is not empty: it throws', async () => {
    rail.admin.arm({ fault: 'down', ms: HOUR })
    await rail.admin.idle()
    await expect(bank.readBankLines!('')).rejects.toThrow(/statement: .+/)
    await expect(bank.readBankLines!('nonsense')).rejects.toThrow('not a cursor')
  })
})

describe('receipts', () => {
  test('are one per entry, tied to it and closed by a hash', async () => {
    for (let i = 1n; i <= 3n; i += 1n) {
      await rail.admin.enter({ kind: 'incoming', amount: i, memo: `${i}` })
    }
    const { lines } = await allLines()
    const task = await bank.prepareReceipts('20260303')
    expect(await bank.preparedReceipts(task)).toBe('not_ready')
    await move(clock.now() + 6_000)
    const prepared = await bank.preparedReceipts(task)
    const single = await Promise.all(lines.map(({ date, flow }) => bank.receipt(date, flow)))
    expect(prepared).toEqual(single)
    expect(single.map(({ flow }) => flow)).toEqual(lines.map(({ flow }) => flow))
    expect(new Set(single.map(({ hash }) => hash)).size).toBe(3)
    expect(JSON.parse(single[1]!.content)).toMatchObject({ transAmount: '0.02' })
  })

  test('of an entry the bank does not have are none', async () => {
    await expect(bank.receipt('20260303', 'C99999999999999')).rejects.toThrow('sent no receipt')
  })
})

describe('payouts', () => {
  const FUNDS = 100_000_000_000n
  beforeEach(() => rail.admin.fund(FUNDS, 'opening'))

  test.each<[string, bigint, object, string, string]>([
    ['balance too small by magic amount', 10_051n, {}, 'failed', 'BBP0010'],
    ['too many by magic amount', 10_065n, {}, 'failed', 'BBP0041'],
    ['set-up not complete by magic amount', 10_003n, {}, 'failed', 'BBP0060'],
    ['refused by the other bank when processed', 10_005n, {}, 'failed', 'BBP0032'],
    ['held for review', 10_034n, {}, 'accepted', 'AUT'],
    ['more than there is', FUNDS + 100n, {}, 'failed', 'BBP0010'],
    ['another name', 10_000n, { name: new Personal('name', '测试不符') }, 'failed', 'BBP0030'],
    ['late success after silence', 10_096n, {}, 'succeeded', 'FIN/S'],
    ['silence for ever', 10_099n, {}, 'not_found', 'NO_RECORD'],
    ['a code nobody has seen', 10_077n, {}, 'succeeded', 'FIN/S'],
  ])('%s', async (_, amount, payee, result, code) => {
    const one = order(amount, payee)
    const reply = await pay(one)
    if (['10096', '10099', '10077'].includes(String(amount))) expect(reply.result).toBe('unknown')
    await move(clock.now() + 30_000)
    expect(await ask(one)).toMatchObject({ result, code })
    const moved = rail.admin.movements().filter(({ kind }) => kind === 'pay')
    expect(moved.map(({ reference }) => reference)).toEqual(
      result === 'succeeded' ? [one.reference] : [],
    )
  })

  test('of a large amount to a company go from 08:30 to 17:00 on working days', async () => {
    const large = () => order(100_000_100n, { accountType: 'corporate' })
    const inTime = large()
    expect(await pay(inTime)).toMatchObject({ result: 'accepted' })
    await move(TUESDAY + 8 * HOUR)
    expect(await pay(large())).toMatchObject({ result: 'failed', code: 'BBP0020' })
    expect(await pay(order(100_000_100n))).toMatchObject({ result: 'accepted' })
    await move(TUESDAY + 4 * DAY)
    expect(await pay(large())).toMatchObject({ result: 'failed', code: 'BBP0020' })
    expect(await pay(order(10_000n, { accountType: 'corporate' }))).toMatchObject({
      result: 'accepted',
    })
  })

  test('to a bank with a cut-off fail after 17:00', async () => {
    expect(await pay(order(100n, { bank: 'MOCKBANK-CUTOFF' }))).toMatchObject({
      result: 'accepted',
    })
    await move(TUESDAY + 8 * HOUR)
    expect(await pay(order(100n, { bank: 'MOCKBANK-CUTOFF' }))).toMatchObject({ code: 'BBP0020' })
  })

  test('that come back are entries of their own, and stay succeeded', async () => {
    const one = order(6_800_000n, { bank: 'MOCKBANK-RETURN' })
    await pay(one)
    await move(TUESDAY + HOUR)
    expect(await ask(one)).toMatchObject({ result: 'succeeded', code: 'FIN/S' })
    expect(await bank.listReturns!('20260301', '20260305')).toEqual([])
    await move(TUESDAY + 25 * HOUR)
    expect(await ask(one)).toMatchObject({ result: 'succeeded', code: 'FIN/B' })
    const [returned, ...others] = await bank.listReturns!('20260301', '20260305')
    expect(others).toEqual([])
    expect(returned).toMatchObject({
      reference: one.reference,
      amount: 6_800_000n,
      date: '20260304',
    })
    expect(await bank.listReturns!('20260305', '20260306')).toEqual([])
    const { lines } = await allLines()
    const back = lines.find(({ kind }) => kind === 'payout_returned')
    expect(back).toMatchObject({ flow: returned?.flow, side: 'in', reference: one.reference })
    expect((await bank.balance()).booked).toBe(FUNDS)
  })

  test('under a reference used before with another content leave the first alone', async () => {
    const one = order(10_000n)
    await pay(one)
    const other = await pay({ ...one, amount: 20_000n })
    expect(other).toMatchObject({ result: 'unknown', code: 'BBP0099' })
    await move(clock.now() + 5_000)
    expect(await ask(one)).toMatchObject({ result: 'succeeded', amount: 10_000n })
    expect(rail.admin.movements().filter(({ kind }) => kind === 'pay')).toHaveLength(1)
  })

  test('need the right to pay, which the bank tells', async () => {
    const businesses = async () => (await bank.permissions()).map(({ business }) => business)
    expect(await businesses()).toEqual(['N02030', 'N01010'])
    rail.admin.permitPayments(false)
    expect(await businesses()).toEqual(['N01010'])
    expect(await pay(order(10_000n))).toMatchObject({ result: 'failed', code: 'BBP0011' })
  })
})

test('a bank that starts again knows its book', async () => {
  const journal = join(folder, 'journal')
  await rail.close()
  await open({ journal })
  await rail.admin.fund(1_000_000n, 'opening')
  await rail.admin.enter({ kind: 'court_deduction', amount: 5n, memo: '司法扣划' })
  const one = order(10_000n)
  await pay(one)
  await rail.close()
  await open({ journal })
  await move(clock.now() + 5_000)
  expect(await ask(one)).toMatchObject({ result: 'succeeded' })
  const { lines } = await allLines()
  expect(lines.map(({ kind, amount }) => [kind, amount])).toEqual([
    ['plain', 1_000_000n],
    ['court_deduction', 5n],
    ['plain', 10_000n],
  ])
  expect(sum(lines)).toBe(rail.admin.balance())
})
