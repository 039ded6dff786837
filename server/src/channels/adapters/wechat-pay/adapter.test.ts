/**
 * What only this rail has, against its simulator by both schemes: what payers are handed, refusals by
 * their codes, and profit sharing. The rest is in the suite of all channels.
 */
import { createVerify } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { type Clock, httpNet, Personal, seededRng } from '#base'
import { readSm2PublicKey, sm2Verify } from '#vault'
import type { WechatPayRail } from '../../../../../simulators/wechat-pay/index.ts'
import type { CollectOrder } from '../../payment-channel.ts'
import { type WechatPayChannel, type WechatPaySettings, wechatPay } from './adapter.ts'
import type { WechatScheme } from './signature.ts'
import { writeJson } from './spec.ts'
import { APP_ID, keyPair, merchantKeys, settingsFor, startRail } from './testing/rail.ts'

const keys = merchantKeys()
/** 2026-03-02 09:00:00 in Shanghai. */
const NOW = Date.UTC(2026, 2, 2, 1)
const clock: Pick<Clock, 'now' | 'mono'> = { now: () => NOW, mono: () => 0 }
const inTime = { sendBeforeMono: 1 }

const open: WechatPayRail[] = []
afterEach(async () => {
  for (const rail of open.splice(0)) await rail.close()
})

async function start(scheme: WechatScheme, more: Partial<WechatPaySettings> = {}) {
  const rail = await startRail(keys, scheme)
  open.push(rail)
  await rail.admin.setClock(NOW)
  const world = {
    net: httpNet({ clock }),
    rng: seededRng(3),
    clock,
    wall: { now: () => Date.now() },
  }
  return { rail, channel: wechatPay({ ...settingsFor(rail, keys, scheme), ...more }, world) }
}

const orderOf = (channel: WechatPayChannel, amount: bigint, more: Partial<CollectOrder> = {}) => ({
  reference: channel.reference(7, `attempt ${amount}`, NOW),
  at: NOW,
  amount,
  currency: 'CNY',
  method: 'wechat_native' as const,
  subject: '购房定金',
  expiresAt: NOW + 900_000,
  payerId: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  payerIp: '14.23.150.211',
  ...more,
})

const question = (reference: string) => ({ direction: 'collect' as const, reference, at: NOW })

describe.each(['rsa', 'sm'] as const)('by %s', (scheme) => {
  test('a payer in WeChat is handed parameters that we signed', async () => {
    const { channel } = await start(scheme)
    const outcome = await channel.collect!(
      orderOf(channel, 100n, { method: 'wechat_jsapi' }),
      inTime,
    )
    const action = 'payerAction' in outcome ? outcome.payerAction : undefined
    expect(action?.kind).toBe('parameters')
    const {
      appId,
      timeStamp,
      nonceStr,
      package: pack,
      signType,
      paySign,
    } = JSON.parse(action!.value)
    expect([appId, signType]).toEqual([APP_ID, scheme === 'rsa' ? 'RSA' : 'SM2'])
    const lines = `${appId}\n${timeStamp}\n${nonceStr}\n${pack}\n`
    const signature = Buffer.from(paySign, 'base64')
    const { publicPem } = keys[scheme]
    const good =
      scheme === 'rsa'
        ? createVerify('RSA-SHA256').update(lines).verify(publicPem, signature)
        : sm2Verify(readSm2PublicKey(publicPem), Buffer.from(lines), signature)
    expect(good).toBe(true)
  })

  test('shares a collection, asks, takes a part back and frees the rest', async () => {
    const { rail, channel } = await start(scheme, { sharesProfit: true })
    const order = orderOf(channel, 100_000n)
    await channel.collect!(order, inTime)
    await rail.admin.payOrder(order.reference)
    const paid = await channel.query(question(order.reference))
    const channelReference = 'bankReference' in paid ? paid.bankReference! : ''
    const { profitSharing } = channel
    const receiver = {
      type: 'MERCHANT_ID' as const,
      account: '1900000109',
      name: new Personal('name', '链家门店'),
    }
    const named = await profitSharing.addReceiver({ ...receiver, relation: 'PARTNER' })
    expect(named).toMatchObject({ result: 'succeeded' })
    const share = {
      reference: 'SHARE00001',
      channelReference,
      receivers: [
        { ...receiver, amount: 20_000n, description: '佣金' },
        { type: 'PERSONAL_OPENID' as const, account: 'oNOBODY', amount: 5n, description: '返利' },
      ],
      unfreezeRest: false,
    }
    const taken = await profitSharing.share(share, inTime)
    expect(taken).toMatchObject({ result: 'accepted', code: 'PROCESSING' })
    // The name is encrypted afresh, so the rail sees another request under the number of the first.
    const again = await profitSharing.share(share, inTime)
    expect(again).toMatchObject({ result: 'unknown', code: 'INVALID_REQUEST' })
    await rail.admin.setClock(NOW + 5_000)
    expect(await profitSharing.query(share)).toMatchObject({
      result: 'succeeded',
      code: 'FINISHED',
      parts: [
        { account: '1900000109', amount: 20_000n, result: 'succeeded', code: 'SUCCESS' },
        { account: 'oNOBODY', amount: 5n, result: 'failed', code: 'NO_RELATION' },
      ],
    })
    const back = {
      reference: 'RETURN0001',
      share: 'SHARE00001',
      from: '1900000109',
      amount: 5_000n,
      description: '合同解除',
    }
    expect(await profitSharing.returnShare(back, inTime)).toMatchObject({ result: 'accepted' })
    await rail.admin.setClock(NOW + 10_000)
    expect(await profitSharing.queryReturn(back)).toMatchObject({
      result: 'succeeded',
      amount: 5_000n,
    })
    expect(await profitSharing.left(channelReference)).toBe(100_000n - 600n - 15_000n)
    const rest = { reference: 'SHARE00002', channelReference, description: '解冻' }
    expect(await profitSharing.unfreeze(rest, inTime)).toMatchObject({ result: 'accepted' })
    expect(await profitSharing.query({ reference: 'NEVER', channelReference })).toMatchObject({
      result: 'not_found',
    })
    const missing = profitSharing.queryReturn({ reference: 'NEVER', share: 'SHARE00001' })
    expect(await missing).toMatchObject({ result: 'not_found' })
    const moved = rail.admin.movements().filter(({ kind }) => kind.startsWith('share'))
    expect(moved.map(({ amount }) => amount)).toEqual([-20_000n, 5_000n])
  })
})

describe('an order', () => {
  test.each([
    ['03', 'failed', 'APPID_MCHID_NOT_MATCH'],
    ['05', 'failed', 'TRADE_ERROR'],
    ['34', 'failed', 'ACCOUNT_ERROR'],
    ['51', 'failed', 'NOT_ENOUGH'],
    ['65', 'failed', 'RULE_LIMIT'],
    ['77', 'unknown', 'QUOTA_TURNED'],
    ['96', 'unknown', 'NO_REPLY'],
    ['99', 'unknown', 'NO_REPLY'],
  ])('of …%s fen is %s: %s', async (digits, result, code) => {
    const { channel } = await start('rsa')
    const outcome = await channel.collect!(orderOf(channel, BigInt(`100${digits}`)), inTime)
    expect(outcome).toMatchObject({ result, code })
  })

  test.each([
    ['a method of another rail', { method: 'alipay_qr' }, 'METHOD_NOT_OFFERED'],
    ['no payer’s id', { method: 'wechat_jsapi', payerId: '' }, 'PAYER_ID_MISSING'],
    ['no payer’s address', { method: 'wechat_h5', payerIp: '' }, 'PAYER_IP_MISSING'],
  ] as const)('with %s fails, and nothing is sent', async (_, more, code) => {
    const { rail, channel } = await start('rsa')
    const outcome = await channel.collect!(orderOf(channel, 100n, more), inTime)
    expect(outcome).toMatchObject({ result: 'failed', code })
    expect(rail.admin.orders()).toEqual([])
  })

  test('under a number that another order has is unknown, never failed', async () => {
    const { channel } = await start('rsa')
    const order = orderOf(channel, 100n)
    await channel.collect!(order, inTime)
    const other = await channel.collect!({ ...order, amount: 200n }, inTime)
    expect(other).toMatchObject({ result: 'unknown', code: 'OUT_TRADE_NO_USED' })
  })

  test('is told as paid with amount, number, bank and time', async () => {
    const { rail, channel } = await start('rsa')
    const order = orderOf(channel, 123_400n)
    await channel.collect!(order, inTime)
    expect(await channel.query(question(order.reference))).toMatchObject({ result: 'accepted' })
    await rail.admin.payOrder(order.reference)
    expect(await channel.query(question(order.reference))).toEqual({
      result: 'succeeded',
      code: 'SUCCESS',
      message: '支付成功',
      bankReference: rail.admin.orders()[0]!.number,
      amount: 123_400n,
      currency: 'CNY',
      doneAt: NOW,
      bank: 'ICBC',
    })
  })
})

test('a reply signed with a key we do not hold is unknown', async () => {
  const { rail, channel } = await start('rsa', {
    platformKeys: { OTHER: keyPair('rsa').publicPem },
  })
  const order = orderOf(channel, 100n)
  const outcome = await channel.collect!(order, inTime)
  expect(outcome).toMatchObject({ result: 'unknown', code: 'BAD_SIGNATURE' })
  // It was made all the same: this is why the answer is not `failed`.
  expect(rail.admin.orders()).toHaveLength(1)
})

test('a request that is not signed by our key is refused for good, and nothing is made', async () => {
  const { rail, channel } = await start('rsa', { privateKeyPem: keyPair('rsa').privatePem })
  const outcome = await channel.collect!(orderOf(channel, 100n), inTime)
  expect(outcome).toMatchObject({ result: 'failed', code: 'SIGN_ERROR' })
  expect(rail.admin.orders()).toEqual([])
})

test('nothing but what is asked for is asked', async () => {
  const { channel } = await start('rsa')
  const pay = await channel.query({ direction: 'pay', reference: 'X', at: NOW })
  expect(pay).toMatchObject({ result: 'unknown' })
  const close = await channel.close!({ direction: 'refund', reference: 'X', at: NOW })
  expect(close).toMatchObject({ result: 'unknown' })
  expect(await channel.downloadFile('2026-03-02')).toMatchObject({ problem: 'refused' })
})

test('settings that cannot work are refused with a sentence', async () => {
  const { rail } = await start('rsa')
  const settings = settingsFor(rail, keys, 'rsa')
  const world = { net: httpNet({ clock }), rng: seededRng(3), clock, wall: clock }
  const made = (more: Partial<WechatPaySettings>) => () =>
    wechatPay({ ...settings, ...more }, world)
  expect(made({ apiV3Key: 'short' })).toThrow('has 32 bytes')
  expect(made({ platformKeys: {} })).toThrow('at least one')
  expect(made({ privateKeyPem: keys.sm.privatePem })).toThrow('not one of RSA')
  expect(made({ scheme: 'sm' })).toThrow('not one of SM2')
})

test('amounts are written as whole numbers, never through a float', () => {
  const written = writeJson({ a: 9_007_199_254_740_993n, b: [true, 'x"'], c: undefined })
  expect(written).toBe('{"a":9007199254740993,"b":[true,"x\\""]}')
})
