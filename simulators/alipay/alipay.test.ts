/**
 * The rail under `alipay-sdk`, the independent client, and under hand-made requests: signatures,
 * idempotency, notices on their schedule, fees, magic amounts.
 */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AlipaySdk } from 'alipay-sdk'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { wallNow, yuan } from '../channel/index.ts'
import { type Alipay, NOTICE_RETRY_SECONDS, startAlipay } from './index.ts'
import { signText, sortedText } from './signature.ts'
import { dateTime } from './yuan.ts'

// The client stamps its calls with the machine's local time; the gateway reads Shanghai's.
vi.stubEnv('TZ', 'Asia/Shanghai')

function pair() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
const ours = pair()
const theirs = pair()
const stranger = pair()
/** 2026-03-03 10:00 in Shanghai. */
const START = Date.UTC(2026, 2, 3, 2)
const HOUR = 3_600_000

let rail: Alipay
let sdk: AlipaySdk
let answer = 'success'
const heard: { at: number; body: string }[] = []
const platform = createServer((request, response) => {
  let body = ''
  request.on('data', (part) => {
    body += part
  })
  request.on('end', () => {
    heard.push({ at: rail.admin.now(), body })
    response.end(answer)
  })
})

const client = (privateKey: string) =>
  new AlipaySdk({
    appId: rail.appId,
    privateKey,
    keyType: 'PKCS8',
    alipayPublicKey: theirs.publicPem,
    gateway: rail.gateway,
  })

beforeEach(async () => {
  answer = 'success'
  heard.length = 0
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve))
  rail = await startAlipay({
    appPublicKeyPem: ours.publicPem,
    privateKeyPem: theirs.privatePem,
    callbackUrl: `http://127.0.0.1:${(platform.address() as AddressInfo).port}/notices`,
  })
  await rail.admin.setClock(START)
  sdk = client(ours.privatePem)
})
afterEach(async () => {
  await rail.close()
  platform.closeAllConnections()
  await new Promise<void>((resolve) => void platform.close(() => resolve()))
})

type Answer = Readonly<Record<string, unknown>>

const exec = async (method: string, bizContent: object, by = sdk): Promise<Answer> =>
  (await by.exec(method, { bizContent }, { validateSign: true })) as unknown as Answer

const precreate = (outTradeNo: string, fen = 1_234_500n, subject = '购房定金') =>
  exec('alipay.trade.precreate', { outTradeNo, totalAmount: yuan(fen), subject })

async function paid(outTradeNo: string, fen = 1_234_500n): Promise<void> {
  await precreate(outTradeNo, fen)
  await rail.admin.payOrder(outTradeNo)
  await rail.admin.idle()
}

describe('alipay-sdk', () => {
  test('precreates, asks, refunds in parts, and verifies every reply', async () => {
    expect(await precreate('A1')).toMatchObject({
      code: '10000',
      outTradeNo: 'A1',
      qrCode: expect.stringMatching(/^https:\/\/qr\.alipay\.com\//),
    })
    const question = { outTradeNo: 'A1' }
    expect(await exec('alipay.trade.query', question)).toMatchObject({
      subCode: 'ACQ.TRADE_NOT_EXIST',
    })
    rail.admin.scan('A1')
    expect(await exec('alipay.trade.query', question)).toMatchObject({
      tradeStatus: 'WAIT_BUYER_PAY',
    })
    await rail.admin.payOrder('A1')
    expect(await exec('alipay.trade.query', question)).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
      totalAmount: '12345.00',
    })
    const refund = { outTradeNo: 'A1', refundAmount: '45.00', outRequestNo: 'R1' }
    expect(await exec('alipay.trade.refund', refund)).toMatchObject({
      code: '10000',
      fundChange: 'Y',
      refundFee: '45.00',
    })
    expect(await exec('alipay.trade.refund', refund)).toMatchObject({ fundChange: 'N' })
    expect(
      await exec('alipay.trade.fastpay.refund.query', { outTradeNo: 'A1', outRequestNo: 'R1' }),
    ).toMatchObject({ refundStatus: 'REFUND_SUCCESS', refundAmount: '45.00' })
    const moved = rail.admin.movements().map(({ kind, amount }) => [kind, amount])
    expect(moved).toEqual([
      ['collect', 1_234_500n],
      ['refund', -4_500n],
    ])
  })

  test('makes a page form that a browser can post', async () => {
    const html = sdk.pageExecute('alipay.trade.page.pay', 'POST', {
      bizContent: {
        outTradeNo: 'P1',
        totalAmount: '88.00',
        subject: '物业费',
        productCode: 'FAST_INSTANT_TRADE_PAY',
      },
    })
    const action = /action="([^"]+)"/.exec(html)![1]!
    const inputs = [...html.matchAll(/name="([^"]+)" value="([^"]*)"/g)]
    const body = new URLSearchParams(
      inputs.map(([, name, value]): [string, string] => [name!, value!.replaceAll('&quot;', '"')]),
    )
    const reply = await fetch(action, { method: 'POST', body })
    expect(await reply.text()).toContain('88.00')
    expect(await exec('alipay.trade.query', { outTradeNo: 'P1' })).toMatchObject({
      tradeStatus: 'WAIT_BUYER_PAY',
    })
  })

  test('closes an order a payer has opened', async () => {
    await precreate('C1')
    expect(await exec('alipay.trade.close', { outTradeNo: 'C1' })).toMatchObject({
      subCode: 'ACQ.TRADE_NOT_EXIST',
    })
    rail.admin.scan('C1')
    expect(await exec('alipay.trade.close', { outTradeNo: 'C1' })).toMatchObject({ code: '10000' })
    await expect(rail.admin.payOrder('C1')).rejects.toThrow(/closed/)
    expect(await precreate('C1')).toMatchObject({ subCode: 'ACQ.TRADE_HAS_CLOSE' })
  })

  test('verifies a notice with checkNotifySignV2, and no other', async () => {
    rail.admin.arm({ fault: 'forged_notice' })
    await paid('N1')
    const verdicts = heard.map(({ body }) =>
      sdk.checkNotifySignV2(Object.fromEntries(new URLSearchParams(body))),
    )
    expect(verdicts).toEqual([false, true])
  })
})

describe('the gateway', () => {
  test('refuses another key, another application and an old timestamp, and moves nothing', async () => {
    const content = { outTradeNo: 'X1', totalAmount: '1.00', subject: '试' }
    const by = (other: AlipaySdk) => exec('alipay.trade.precreate', content, other)
    expect(await by(client(stranger.privatePem))).toMatchObject({
      subCode: 'isv.invalid-signature',
    })
    const otherApp = client(ours.privatePem)
    otherApp.config.appId = '2021000000000002'
    expect(await by(otherApp)).toMatchObject({ subCode: 'isv.invalid-app-id' })
    vi.stubEnv('TZ', 'UTC')
    expect(await by(sdk)).toMatchObject({ subCode: 'isv.invalid-timestamp' })
    vi.stubEnv('TZ', 'Asia/Shanghai')
    expect(rail.admin.orders()).toEqual([])
  })

  test('gives the same answer to the same order and refuses another under its number', async () => {
    const first = await precreate('I1')
    expect(await precreate('I1')).toMatchObject({ qrCode: first.qrCode })
    expect(await precreate('I1', 1_234_600n)).toMatchObject({ subCode: 'ACQ.CONTEXT_INCONSISTENT' })
    await rail.admin.payOrder('I1')
    expect(await precreate('I1')).toMatchObject({ subCode: 'ACQ.TRADE_HAS_SUCCESS' })
    const refund = { outTradeNo: 'I1', refundAmount: '1.00', outRequestNo: 'R9' }
    await exec('alipay.trade.refund', refund)
    expect(await exec('alipay.trade.refund', { ...refund, refundAmount: '2.00' })).toMatchObject({
      subCode: 'ACQ.DISCORDANT_REPEAT_REQUEST',
    })
  })

  test('repeats a refund of the whole that has no number of its own', async () => {
    await paid('W1', 10_000n)
    await rail.admin.fund(100_000n, '充值')
    const refund = { outTradeNo: 'W1', refundAmount: '100.00' }
    expect(await exec('alipay.trade.refund', refund)).toMatchObject({ fundChange: 'Y' })
    expect(await exec('alipay.trade.refund', refund)).toMatchObject({
      code: '10000',
      fundChange: 'N',
    })
    expect(rail.admin.orders().filter(({ kind }) => kind === 'refund')).toHaveLength(1)
  })

  test('refuses content that is no object', async () => {
    const params = {
      app_id: rail.appId,
      method: 'alipay.trade.query',
      sign_type: 'RSA2',
      timestamp: dateTime(wallNow()),
      biz_content: 'null',
    }
    const sign = signText(createPrivateKey(ours.privatePem), sortedText(params, ['sign']))
    const body = new URLSearchParams({ ...params, sign })
    const reply = await fetch(rail.gateway, { method: 'POST', body })
    expect(reply.status).toBe(200)
    expect(await reply.text()).toContain('ACQ.INVALID_PARAMETER')
  })

  test('has an empty bill of a day on which nothing happened, once its time is over', async () => {
    const ask = () =>
      exec('alipay.data.dataservice.bill.downloadurl.query', {
        billType: 'trade',
        billDate: '2026-03-03',
      })
    expect(await ask()).toMatchObject({ subCode: 'isp.bill_not_exist' })
    await rail.admin.setClock(START + 23 * HOUR)
    expect(await ask()).toMatchObject({ code: '10000' })
  })

  test('refuses a refund above the rest, above the balance, and after a year', async () => {
    await paid('B1', 10_000n)
    const refund = (amount: string, outRequestNo: string) =>
      exec('alipay.trade.refund', { outTradeNo: 'B1', refundAmount: amount, outRequestNo })
    expect(await refund('100.01', 'R1')).toMatchObject({
      subCode: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
    })
    // The fee of 0.60 is kept back, so the whole is more than what stands there.
    expect(await refund('100.00', 'R2')).toMatchObject({ subCode: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' })
    await rail.admin.fund(100_000n, '充值')
    expect(await refund('100.00', 'R2')).toMatchObject({ fundChange: 'Y' })
    await paid('B2', 10_000n)
    await rail.admin.setClock(START + 366 * 24 * HOUR)
    const late = { outTradeNo: 'B2', refundAmount: '1.00', outRequestNo: 'R3' }
    expect(await exec('alipay.trade.refund', late)).toMatchObject({
      subCode: 'ACQ.TRADE_HAS_FINISHED',
    })
  })

  test.each([
    ['12345.51', 'ACQ.BUYER_BALANCE_NOT_ENOUGH'],
    ['12345.65', 'ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR'],
    ['12345.05', 'ACQ.PAYMENT_FAIL'],
    ['12345.34', 'ACQ.PAYMENT_REQUEST_HAS_RISK'],
    ['12345.03', 'ACQ.PARTNER_ERROR'],
    ['12345.77', 'ACQ.NEVER_SEEN_BEFORE'],
  ])('answers the magic amount %s with %s', async (totalAmount, subCode) => {
    const content = { outTradeNo: 'M1', totalAmount, subject: '试' }
    expect(await exec('alipay.trade.precreate', content)).toMatchObject({ subCode })
  })

  test('an unopened order dies with its code; an opened one is closed then', async () => {
    await precreate('E1')
    await precreate('E2')
    rail.admin.scan('E2')
    await rail.admin.setClock(START + 2 * HOUR)
    await expect(rail.admin.payOrder('E1')).rejects.toThrow(/closed/)
    expect(await exec('alipay.trade.query', { outTradeNo: 'E1' })).toMatchObject({
      subCode: 'ACQ.TRADE_NOT_EXIST',
    })
    expect(await exec('alipay.trade.query', { outTradeNo: 'E2' })).toMatchObject({
      tradeStatus: 'TRADE_CLOSED',
    })
  })
})

describe('notices', () => {
  test('come eight times on their schedule until the reply is exactly success', async () => {
    answer = 'SUCCESS'
    await paid('S1')
    await rail.admin.setClock(START + 48 * HOUR)
    const waits = heard.slice(1).map(({ at }, index) => (at - heard[index]!.at) / 1_000)
    expect(waits).toEqual([...NOTICE_RETRY_SECONDS])
    expect(NOTICE_RETRY_SECONDS).toEqual([240, 600, 600, 3_600, 7_200, 21_600, 54_000])
    answer = 'success'
    await paid('S2')
    await rail.admin.setClock(START + 96 * HOUR)
    expect(heard.filter(({ body }) => body.includes('out_trade_no=S2'))).toHaveLength(1)
  })
})

describe('fees', () => {
  test('of refunds in parts give back exactly the fee of the collection', async () => {
    await paid('F1', 10_007n)
    await rail.admin.fund(100_000n, '充值')
    for (const [part, amount] of ['33.33', '33.33', '33.41'].entries()) {
      await exec('alipay.trade.refund', {
        outTradeNo: 'F1',
        refundAmount: amount,
        outRequestNo: `R${part}`,
      })
    }
    const fees = rail.admin.movements().map(({ fee }) => fee)
    expect(fees[0]).toBe(60n)
    expect(fees.reduce((sum, fee) => sum + fee, 0n)).toBe(0n)
  })
})
