/** The rules of the rail: who may ask, what is asked twice, refunds, notices, bills, sharing, restarts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { WechatPayOptions, WechatPayRail } from './index.ts'
import {
  call,
  MERCHANT,
  NOW,
  order,
  orderOf,
  paid,
  query,
  refund,
  startRail,
} from './testing/merchant.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function open(options: Partial<WechatPayOptions> = {}): Promise<WechatPayRail> {
  const rail = await startRail(options)
  cleanups.push(() => rail.close())
  return rail
}

describe('a request', () => {
  test.each([
    ['of another type', { type: 'WECHATPAY2-SM2-WITH-SM3' }],
    ['of another merchant', { mchId: '1230000110' }],
    ['with another serial', { serial: '00' }],
    ['six minutes old', { skew: -361 }],
    ['six minutes ahead', { skew: 361 }],
    ['with another body', { sent: '{"amount":{"total":1}}' }],
    ['without a signature', { authorization: '' }],
  ])('%s is refused, and nothing is made', async (_, changes) => {
    const rail = await open()
    const made = await call(
      rail,
      'POST',
      '/v3/pay/transactions/native',
      orderOf('SIGNED0001', 100),
      changes,
    )
    expect(made).toMatchObject({ status: 401, code: 'SIGN_ERROR' })
    expect(made.headers.get('wechatpay-signature')).not.toBeNull()
    expect(rail.admin.orders()).toEqual([])
  })

  test('four minutes old is taken', async () => {
    const rail = await open()
    const path = '/v3/pay/transactions/native'
    const made = await call(rail, 'POST', path, orderOf('SIGNED0002', 100), { skew: -240 })
    expect(made.status).toBe(200)
  })

  test.each([
    ['no object', 'native', [], 'PARAM_ERROR'],
    ['a short number', 'native', orderOf('A1', 100), 'PARAM_ERROR'],
    ['no amount', 'native', orderOf('FIELDS0001', 0), 'PARAM_ERROR'],
    ['half a fen', 'native', orderOf('FIELDS0001', 1.5), 'PARAM_ERROR'],
    ['another app', 'native', { ...orderOf('FIELDS0001', 1), appid: 'x' }, 'APPID_MCHID_NOT_MATCH'],
    ['another merchant', 'native', { ...orderOf('FIELDS0001', 1), mchid: '1' }, 'MCH_NOT_EXISTS'],
    ['no payer', 'jsapi', orderOf('FIELDS0001', 1), 'PARAM_ERROR'],
    ['no address', 'h5', orderOf('FIELDS0001', 1), 'PARAM_ERROR'],
    [
      'a time that is over',
      'native',
      { ...orderOf('FIELDS0001', 1), time_expire: '2026-03-02T08:59:59+08:00' },
      'PARAM_ERROR',
    ],
  ])('with %s is refused', async (_, method, fields, code) => {
    const rail = await open()
    const made = await call(rail, 'POST', `/v3/pay/transactions/${method}`, fields)
    expect(made).toMatchObject({ status: 400, code })
  })
})

describe('an order', () => {
  test('asked for twice is one; another under its number is refused', async () => {
    const rail = await open()
    const first = await order(rail, 'TWICE00001', 100)
    expect(await order(rail, 'TWICE00001', 100)).toMatchObject({ status: 200, text: first.text })
    expect(await order(rail, 'TWICE00001', 101)).toMatchObject({ code: 'OUT_TRADE_NO_USED' })
    await rail.admin.payOrder('TWICE00001')
    expect(await order(rail, 'TWICE00001', 100)).toMatchObject({ code: 'ORDERPAID' })
    expect(rail.admin.movements()).toMatchObject([{ amount: 100n, fee: 1n }])
  })

  test('is closed by the merchant or by its time, and not paid after that', async () => {
    const rail = await open()
    const close = (reference: string) =>
      call(rail, 'POST', `/v3/pay/transactions/out-trade-no/${reference}/close`, {
        mchid: MERCHANT.mchId,
      })
    await order(rail, 'CLOSED0001', 100)
    expect(await close('CLOSED0001')).toMatchObject({ status: 204, text: '' })
    expect(await close('CLOSED0001')).toMatchObject({ status: 204 })
    await expect(rail.admin.payOrder('CLOSED0001')).rejects.toThrow('only a waiting one is paid')
    expect(await order(rail, 'CLOSED0001', 100)).toMatchObject({ code: 'ORDER_CLOSED' })
    await order(rail, 'CLOSED0002', 100, { time_expire: '2026-03-02T09:05:00+08:00' })
    await rail.admin.setClock(NOW + 5 * MINUTE)
    expect((await query(rail, 'CLOSED0002')).fields).toMatchObject({ trade_state: 'CLOSED' })
    await paid(rail, 'CLOSED0003', 100)
    expect(await close('CLOSED0003')).toMatchObject({ status: 400, code: 'ORDERPAID' })
    expect(await close('NEVERSEEN1')).toMatchObject({ status: 404, code: 'ORDER_NOT_EXIST' })
  })

  test('does what its amount says', async () => {
    const rail = await open()
    const codes: Record<string, string> = {}
    for (const digits of ['03', '05', '34', '51', '65', '77']) {
      codes[digits] = (await order(rail, `MAGIC000${digits}`, Number(`100${digits}`))).code
    }
    expect(codes).toEqual({
      '03': 'APPID_MCHID_NOT_MATCH',
      '05': 'TRADE_ERROR',
      '34': 'ACCOUNT_ERROR',
      '51': 'NOT_ENOUGH',
      '65': 'RULE_LIMIT',
      '77': 'QUOTA_TURNED',
    })
    await expect(order(rail, 'MAGIC00096', 10_096)).rejects.toThrow()
    await expect(order(rail, 'MAGIC00099', 10_099)).rejects.toThrow()
    await rail.admin.setClock(NOW + 20_000)
    expect((await query(rail, 'MAGIC00096')).fields).toMatchObject({ trade_state: 'SUCCESS' })
    expect(await query(rail, 'MAGIC00099')).toMatchObject({ code: 'ORDER_NOT_EXIST' })
  })
})

describe('refunds', () => {
  test('keep to sum, gap, count and year', async () => {
    const rail = await open()
    await rail.admin.fund(10_000_000n, 'float')
    await paid(rail, 'REFUND0001', 5_500)
    const part = (number: number, fen = 100) =>
      refund(rail, 'REFUND0001', `REFUND0001-${number}`, fen, 5_500)
    expect(await part(0, 5_501)).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await part(1)).toMatchObject({ status: 200 })
    expect(await part(1)).toMatchObject({ status: 200 })
    expect(await part(1, 200)).toMatchObject({ code: 'ALREADY_EXISTS' })
    await rail.admin.setClock(NOW + MINUTE - 1)
    expect(await part(2)).toMatchObject({ status: 429, code: 'FREQUENCY_LIMITED' })
    for (let number = 2; number <= 50; number += 1) {
      await rail.admin.setClock(NOW + number * MINUTE)
      expect(await part(number)).toMatchObject({ status: 200 })
    }
    await rail.admin.setClock(NOW + 51 * MINUTE)
    expect(await part(51)).toMatchObject({ code: 'INVALID_REQUEST' })
    await paid(rail, 'REFUND0002', 100)
    await rail.admin.setClock(NOW + 51 * MINUTE + 365 * DAY)
    expect(await refund(rail, 'REFUND0002', 'REFUND0002-1', 1, 100)).toMatchObject({ status: 200 })
    await paid(rail, 'REFUND0003', 100)
    const yearLater = rail.admin.now() + 365 * DAY + 1
    await rail.admin.setClock(yearLater)
    expect(await refund(rail, 'REFUND0003', 'REFUND0003-1', 1, 100)).toMatchObject({
      status: 403,
      code: 'TRADE_OVERDUE',
    })
  })

  test('need the money at the rail, and bring the fee back in shares that add up to it', async () => {
    const rail = await open()
    await paid(rail, 'REFUND0004', 1_000_00)
    expect(rail.admin.balance()).toBe(99_400n)
    await rail.admin.closeDay('20260302')
    expect(rail.admin.balance()).toBe(0n)
    const part = (number: number, fen: number) =>
      refund(rail, 'REFUND0004', `REFUND0004-${number}`, fen, 100_000)
    expect(await part(1, 33_300)).toMatchObject({ status: 403, code: 'NOT_ENOUGH' })
    await rail.admin.fund(99_400n, 'float')
    for (const [index, fen] of [33_300, 33_300, 33_400].entries()) {
      await rail.admin.setClock(rail.admin.now() + MINUTE)
      expect(await part(index + 1, fen)).toMatchObject({ status: 200 })
    }
    await rail.admin.setClock(rail.admin.now() + MINUTE)
    const fees = rail.admin.movements().filter(({ kind }) => kind === 'refund')
    expect(fees.map(({ fee }) => fee)).toEqual([-200n, -200n, -200n])
    expect(rail.admin.balance()).toBe(0n)
  })

  test('of an order nobody paid, or nobody made, are refused', async () => {
    const rail = await open()
    await order(rail, 'REFUND0005', 100)
    expect(await refund(rail, 'REFUND0005', 'R5', 1, 100)).toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(await refund(rail, 'NEVERSEEN1', 'R6', 1, 100)).toMatchObject({
      status: 404,
      code: 'RESOURCE_NOT_EXISTS',
    })
  })
})

test('a notice is sent again by the real schedule, then given up', async () => {
  const server = createServer((_, response) => void response.writeHead(500).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  const callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`
  const rail = await open({ callbackUrl })
  await paid(rail, 'NOTICE0001', 100)
  await rail.admin.setClock(NOW + 3 * DAY)
  const sent = rail.admin.callbacks()
  const waits = sent.slice(1).map(({ at }, index) => (at - sent[index]!.at) / 1000)
  const [m, h] = [60, 3_600]
  expect(waits).toEqual([
    ...[15, 15, 30, 3 * m, 10 * m, 20 * m, 30 * m, 30 * m, 30 * m, 60 * m],
    ...[3 * h, 3 * h, 3 * h, 6 * h, 6 * h],
  ])
  const ids = sent.map(({ body }) => JSON.parse(Buffer.from(body).toString()).id)
  expect(new Set(ids).size).toBe(1)
  expect(new Set(sent.map(({ headers }) => headers['Wechatpay-Nonce'])).size).toBe(16)
})

test('the bill is ready at ten the next day, when the day is settled net', async () => {
  const settled: unknown[] = []
  const rail = await open({ onSettlement: async (settlement) => void settled.push(settlement) })
  const ask = (date: string) => call(rail, 'GET', `/v3/bill/tradebill?bill_date=${date}`)
  await paid(rail, 'BILL000001', 100_000)
  await refund(rail, 'BILL000001', 'BILL000001R', 50_000, 100_000)
  const ten = Date.UTC(2026, 2, 3, 2)
  await rail.admin.setClock(ten - 1)
  expect(await ask('2026-03-02')).toMatchObject({ code: 'STATEMENT_CREATING' })
  expect(settled).toEqual([])
  await rail.admin.setClock(ten)
  await rail.admin.idle()
  expect(settled).toEqual([{ date: '20260302', amount: 49_700n, memo: 'WXPAY1230000109-20260302' }])
  expect(rail.admin.balance()).toBe(0n)
  expect(await ask('2026-03-02')).toMatchObject({ status: 200, fields: { hash_type: 'SHA1' } })
  expect(await ask('2026-03-01')).toMatchObject({ code: 'NO_STATEMENT_EXIST' })
  expect(await ask('2026-02-30')).toMatchObject({ code: 'PARAM_ERROR' })
  expect(await call(rail, 'GET', '/v3/billdownload/file?token=20260302-x')).toMatchObject({
    status: 404,
  })
})

describe('profit sharing', () => {
  const receiver = { type: 'MERCHANT_ID', account: '1900000109' }
  const name = (rail: WechatPayRail) =>
    call(rail, 'POST', '/v3/profitsharing/receivers/add', {
      ...receiver,
      appid: MERCHANT.appId,
      relation_type: 'PARTNER',
    })
  const share = (rail: WechatPayRail, number: string, reference: string, amount: number) =>
    call(rail, 'POST', '/v3/profitsharing/orders', {
      appid: MERCHANT.appId,
      transaction_id: number,
      out_order_no: reference,
      receivers: [{ ...receiver, amount, description: '佣金' }],
      unfreeze_unsplit: false,
    })
  const asked = (rail: WechatPayRail, number: string, reference: string) =>
    call(rail, 'GET', `/v3/profitsharing/orders/${reference}?transaction_id=${number}`)
  const shared = { settle_info: { profit_sharing: true } }

  test('keeps to marked orders, to a third, and to receivers that are named', async () => {
    const rail = await open()
    const plain = await paid(rail, 'SHARED0001', 10_000)
    expect(await share(rail, plain, 'S1', 100)).toMatchObject({ code: 'INVALID_REQUEST' })
    const number = await paid(rail, 'SHARED0002', 10_000, shared)
    expect(await share(rail, number, 'S2', 3_001)).toMatchObject({ code: 'RULE_LIMIT' })
    await share(rail, number, 'S3', 1_000)
    await rail.admin.setClock(NOW + 5_000)
    expect((await asked(rail, number, 'S3')).fields).toMatchObject({
      receivers: [{ result: 'CLOSED', fail_reason: 'NO_RELATION' }],
    })
    await name(rail)
    await share(rail, number, 'S4', 1_000)
    await share(rail, number, 'S4', 1_000)
    expect(await share(rail, number, 'S4', 1_001)).toMatchObject({ code: 'INVALID_REQUEST' })
    await rail.admin.setClock(NOW + 10_000)
    expect((await asked(rail, number, 'S4')).fields).toMatchObject({ state: 'FINISHED' })
    expect(rail.admin.balance()).toBe(2n * 9_940n - 1_000n)
  })

  test('refuses a receiver that is named twice in one order', async () => {
    const rail = await open()
    await name(rail)
    const number = await paid(rail, 'SHARED0006', 10_000, shared)
    const part = { ...receiver, description: '佣金' }
    const twice = await call(rail, 'POST', '/v3/profitsharing/orders', {
      appid: MERCHANT.appId,
      transaction_id: number,
      out_order_no: 'S7',
      receivers: [
        { ...part, amount: 100 },
        { ...part, amount: 200 },
      ],
      unfreeze_unsplit: false,
    })
    expect(twice).toMatchObject({ status: 400, code: 'PARAM_ERROR' })
  })

  test('stands before refunds, and comes back for them', async () => {
    const rail = await open()
    await name(rail)
    const number = await paid(rail, 'SHARED0003', 10_000, shared)
    await share(rail, number, 'S5', 2_000)
    await rail.admin.setClock(NOW + 5_000)
    const all = () => refund(rail, 'SHARED0003', 'SHARED0003R', 10_000, 10_000)
    expect(await all()).toMatchObject({ status: 403, code: 'NOT_ENOUGH' })
    const back = (amount: number, reference: string) =>
      call(rail, 'POST', '/v3/profitsharing/return-orders', {
        out_order_no: 'S5',
        out_return_no: reference,
        return_mchid: receiver.account,
        amount,
        description: '解约',
      })
    expect(await back(2_001, 'B1')).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await back(2_000, 'B2')).toMatchObject({ fields: { result: 'PROCESSING' } })
    await rail.admin.setClock(NOW + 10_000)
    expect(await all()).toMatchObject({ status: 200 })
  })

  test('and everything else survive a restart, each movement once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wechat-pay-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const journal = join(folder, 'book.jsonl')
    const first = await startRail({ journal })
    await name(first)
    const number = await paid(first, 'SHARED0004', 10_000, shared)
    await share(first, number, 'S6', 2_000)
    await refund(first, 'SHARED0004', 'SHARED0004R', 3_000, 10_000)
    await order(first, 'SHARED0005', 700, { time_expire: '2026-03-02T09:05:00+08:00' })
    await first.close()
    const rail = await open({ journal })
    await rail.admin.setClock(NOW + 5 * MINUTE)
    expect((await asked(rail, number, 'S6')).fields).toMatchObject({ state: 'FINISHED' })
    expect((await query(rail, 'SHARED0005')).fields).toMatchObject({ trade_state: 'CLOSED' })
    const moved = rail.admin.movements().map(({ kind, amount, fee }) => [kind, amount, fee])
    expect(moved.sort()).toEqual([
      ['collect', 10_000n, 60n],
      ['refund', -3_000n, -18n],
      ['share', -2_000n, 0n],
    ])
  })
})
