/** Payouts over the simulated clearing house, judged by its own book: batches, permissions, clearing. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { httpNet, Personal, seededRng, simulatedClock } from '#base'
import {
  type NetsunionOptions,
  type NetsunionRail,
  newPlatformKey,
  startNetsunion,
} from '../../../../../simulators/netsunion/index.ts'
import type { PayOrder } from '../../payment-channel.ts'
import { payoutsOver } from '../../testing/payouts.ts'
import { type Netsunion, netsunion } from './adapter.ts'

/** 2026-03-03 10:00 in Shanghai, a Tuesday. */
const TUESDAY = Date.UTC(2026, 2, 3, 2)
const HOUR = 3_600_000
const FUNDS = 100_000_000n
const [ours, theirs] = [newPlatformKey('rsa'), newPlatformKey('rsa')]
const folder = mkdtempSync(join(tmpdir(), 'tenon-netsunion-book-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let rail: NetsunionRail
let channel: Netsunion
let clock = simulatedClock(TUESDAY)
const facts = {
  issuerId: 'Z2004944000010',
  reserveAccount: '991584000001',
  suite: 'rsa',
  signSerial: '4024838392',
  encryptSerial: '4025061174',
} as const

async function open(options: Partial<NetsunionOptions> = {}): Promise<void> {
  rail = await startNetsunion({
    ...facts,
    clientPublicKeyPem: ours.publicKeyPem,
    key: theirs,
    notPermitted: [{ bank: 'SPDB', accountType: 'corporate' }],
    ...options,
  })
  await rail.admin.setClock(clock.now())
  channel = netsunion(
    {
      ...facts,
      url: rail.url,
      privateKeyPem: ours.privateKeyPem,
      platformPublicKeyPem: rail.platformPublicKeyPem,
      timing: { timeoutMs: 2_000 },
    },
    { net: httpNet({ clock }), rng: seededRng(3), clock, wall: { now: Date.now } },
  )
}

async function move(ms: number): Promise<void> {
  await clock.advance(ms)
  await rail.admin.setClock(clock.now())
  await rail.admin.idle()
}

beforeEach(async () => {
  clock = simulatedClock(TUESDAY)
  await open()
  await rail.admin.fund(FUNDS, '备付金')
})
afterEach(() => rail.close())

const { order, options: inTime, pay, ask } = payoutsOver(() => ({ channel, clock }))
const paid = () => rail.admin.movements().filter(({ kind }) => kind === 'pay')

test.each<[string, bigint, object, string, string]>([
  ['reserve too small by magic amount', 10_051n, {}, 'failed', 'PB520051'],
  ['too many by magic amount', 10_065n, {}, 'failed', 'PB520065'],
  ['set-up not complete by magic amount', 10_003n, {}, 'failed', 'PB520003'],
  ['refused by the bank when processed', 10_005n, {}, 'failed', 'PB520005'],
  ['held for review', 10_034n, {}, 'accepted', 'PB000034'],
  ['more than the reserve', FUNDS + 100n, {}, 'failed', 'PB520051'],
  ['another name', 10_000n, { name: new Personal('name', '测试不符') }, 'failed', 'PB005X03'],
  ['late success after silence', 10_096n, {}, 'succeeded', '00000000'],
  ['silence for ever', 10_099n, {}, 'not_found', 'PB531001'],
  ['a code nobody has seen', 10_077n, {}, 'succeeded', '00000000'],
])('%s', async (_, amount, payee, result, code) => {
  const one = order(amount, payee)
  const reply = await pay(one)
  if (['10096', '10099', '10077'].includes(String(amount))) expect(reply.result).toBe('unknown')
  await move(30_000)
  expect(await ask(one)).toMatchObject({ result, code })
  expect(paid().map(({ reference }) => reference)).toEqual(
    result === 'succeeded' ? [one.reference] : [],
  )
})

test('a bank may refuse corporate accounts and take personal ones, until it is permitted', async () => {
  const corporate = () => order(10_000n, { bank: 'SPDB', accountType: 'corporate' })
  const refused = corporate()
  expect(await pay(refused)).toMatchObject({ result: 'failed', code: 'PB520057' })
  expect(await ask(refused)).toMatchObject({ result: 'failed', code: 'PB520057' })
  expect(await pay(order(10_000n, { bank: 'SPDB' }))).toMatchObject({ result: 'accepted' })
  const elsewhere = order(10_000n, { accountType: 'corporate' })
  expect(await pay(elsewhere)).toMatchObject({ result: 'accepted' })
  rail.admin.permit({ bank: 'SPDB', accountType: 'corporate' }, true)
  expect(await pay(corporate())).toMatchObject({ result: 'accepted' })
})

test('a number used before with another content leaves the first alone', async () => {
  const one = order(10_000n)
  await pay(one)
  const other = await pay({ ...one, amount: 20_000n })
  expect(other).toMatchObject({ result: 'unknown', code: 'PB520094' })
  await move(5_000)
  expect(await ask(one)).toMatchObject({ result: 'succeeded', amount: 10_000n })
  expect(paid()).toHaveLength(1)
})

test('a bank with a cut-off refuses after 17:00, and one returns a day later', async () => {
  const back = order(10_000n, { bank: 'MOCKBANK-RETURN' })
  await pay(back)
  expect(await pay(order(100n, { bank: 'MOCKBANK-CUTOFF' }))).toMatchObject({ result: 'accepted' })
  await move(8 * HOUR)
  const late = await pay(order(100n, { bank: 'MOCKBANK-CUTOFF' }))
  expect(late).toMatchObject({ result: 'failed', code: 'PB520058' })
  await move(17 * HOUR)
  expect(await ask(back)).toMatchObject({ result: 'succeeded' })
  const returned = rail.admin.callbacks().flatMap(({ method, path, headers, body }) => {
    const callback = channel.parseCallback({ method, path, headers, body })
    return 'kind' in callback && callback.kind === 'payout_returned' ? [callback.returned] : []
  })
  expect(returned).toMatchObject([
    { reference: back.reference, amount: 10_000n, currency: 'CNY', date: '20260304' },
  ])
})

describe('a batch', () => {
  test('is taken row by row: some rows refused, the others paid', async () => {
    const rows = [
      order(10_000n),
      order(10_000n, { bank: 'SPDB', accountType: 'corporate' }),
      order(10_051n),
      order(20_000n, { accountType: 'corporate' }),
    ]
    const outcome = await channel.payBatch('F1', rows, inTime())
    const results = rows.map(({ reference }) => 'rows' in outcome && outcome.rows.get(reference))
    expect(results).toMatchObject([
      { result: 'accepted', code: 'PB000001' },
      { result: 'failed', code: 'PB520057' },
      { result: 'failed', code: 'PB520051' },
      { result: 'accepted', code: 'PB000001' },
    ])
    await move(5_000)
    expect(paid().map(({ reference }) => reference)).toEqual([
      rows[0]!.reference,
      rows[3]!.reference,
    ])
    for (const [i, result] of ['succeeded', 'failed', 'failed', 'succeeded'].entries()) {
      expect(await ask(rows[i]!)).toMatchObject({ result })
    }
  })

  test('sent again whole is refused, and every row stays unknown until asked about', async () => {
    const rows = [order(10_000n), order(20_000n)]
    rail.admin.arm({ fault: 'lost_reply' })
    const lost = await channel.payBatch('F2', rows, inTime())
    const again = await channel.payBatch('F2', rows, inTime())
    for (const outcome of [lost, again]) {
      const results = rows.map(({ reference }) => 'rows' in outcome && outcome.rows.get(reference))
      expect(results).toMatchObject([{ result: 'unknown' }, { result: 'unknown' }])
    }
    await move(5_000)
    for (const one of rows) expect(await ask(one)).toMatchObject({ result: 'succeeded' })
    expect(paid()).toHaveLength(2)
  })

  test('that holds a payout sent before pays it once', async () => {
    const one = order(10_000n)
    await pay(one)
    await channel.payBatch('F3', [one, order(20_000n)], inTime())
    await move(5_000)
    expect(
      paid()
        .map(({ amount }) => amount)
        .sort(),
    ).toEqual([-10_000n, -20_000n])
  })

  test('that makes no sense is not sent', async () => {
    const one = order(10_000n)
    const many = Array.from({ length: 501 }, () => order(100n))
    for (const [name, rows] of [
      ['', [one]],
      ['F4', []],
      ['F4', [one, one]],
      ['F4', many],
      ['F4', [{ ...one, currency: 'USD' }]],
    ] as const) {
      expect(await channel.payBatch(name, rows, inTime())).toMatchObject({ result: 'not_sent' })
    }
    expect(rail.admin.orders()).toEqual([])
  })
})

test('the clearing file adds up over the windows of a day, page by page', async () => {
  const sent: PayOrder[] = []
  for (let i = 0; i < 2; i += 1) {
    const rows = Array.from({ length: 400 }, () => order(100n))
    await channel.payBatch(`G${i}`, rows, inTime())
    sent.push(...rows)
  }
  await move(5 * HOUR)
  const last = order(30_000n)
  await pay(last)
  await move(5_000)
  await rail.admin.returnPayout(sent[0]!.reference)
  expect(await channel.downloadFile('20260303')).toMatchObject({ problem: 'not_ready' })
  await move(20 * HOUR)
  const file = await channel.downloadFile('20260303')
  if ('problem' in file) throw new Error(file.says)
  expect(file.rows).toHaveLength(802)
  const paidRows = file.rows.filter(({ direction }) => direction === 'pay')
  expect(paidRows.map(({ reference }) => reference)).toEqual(
    [...sent, last].map(({ reference }) => reference),
  )
  expect(file.rows.find(({ direction }) => direction === 'payout_returned')).toMatchObject({
    reference: sent[0]!.reference,
    amount: 100n,
  })
  expect(file.settled).toBe(0n)
  expect(await channel.downloadFile('20260303')).toEqual(file)
})

test('a payout sent in a window that has closed is refused', async () => {
  const one = order(10_000n)
  // The clearing house is three hours ahead: its window is the next one.
  await rail.admin.setClock(clock.now() + 3 * HOUR)
  expect(await pay(one)).toMatchObject({ result: 'failed', code: 'PB520091' })
})

test('a clearing house that starts again knows its book and the batches it took', async () => {
  const journal = join(folder, 'journal')
  await rail.close()
  await open({ journal })
  await rail.admin.fund(FUNDS, '备付金')
  const one = order(10_000n)
  await channel.payBatch('H1', [one], inTime())
  await rail.close()
  await open({ journal })
  const again = await channel.payBatch('H1', [one], inTime())
  expect('rows' in again && again.rows.get(one.reference)).toMatchObject({ code: 'PS500094' })
  await move(5_000)
  expect(await ask(one)).toMatchObject({ result: 'succeeded' })
  expect(rail.admin.balance()).toBe(FUNDS - 10_000n)
})
