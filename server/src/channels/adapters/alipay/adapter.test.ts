/** The adapter at the wire: bytes made by alipay-sdk, openssl and Python's zipfile. */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import iconv from 'iconv-lite'
import { describe, expect, test } from 'vitest'
import { type NetReply, type NetRequest, seededRng } from '#base'
import type { CollectOrder, RefundOrder } from '../../payment-channel.ts'
import { zipOfFiles } from '../../testing/zip-of.ts'
import { readZip, type ZipEntry } from '../../zip.ts'
import { type AlipaySettings, alipay } from './adapter.ts'
import { readBill } from './bill.ts'

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url))
const text = (name: string) => fixture(name).toString().trimEnd()

/** 2026-03-03 10:00:00 in Shanghai. */
const NOW = Date.UTC(2026, 2, 3, 2)
const clock = { now: () => NOW, mono: () => 0 }
const SELLER = '2088000000000001'

function channelWith(
  reply: NetReply = { kind: 'unknown', why: 'nobody answers' },
  keys: Partial<AlipaySettings> = {},
) {
  const seen: NetRequest[] = []
  const net = {
    call: async (request: NetRequest) => {
      seen.push(request)
      return reply
    },
  }
  const settings = {
    gateway: 'https://openapi.alipay.com/gateway.do',
    appId: '2021000000000001',
    sellerId: SELLER,
    privateKeyPem: text('app-private.pem'),
    alipayPublicKeyPem: text('alipay-public.pem'),
    notifyUrl: 'https://pay.example.com/v1/channels/alipay/callbacks',
    ...keys,
  }
  return { channel: alipay(settings, { net, rng: seededRng(1), clock, wall: clock }), seen }
}

const reference = 'T000007ABCDEFGHIJKLMNOPQ'
const order: CollectOrder = {
  reference,
  at: NOW,
  amount: 1_234_500n,
  currency: 'CNY',
  method: 'alipay_qr',
  subject: '购房定金 1号楼 & 车位',
  expiresAt: NOW + 5 * 3_600_000,
}
const refund: RefundOrder = {
  reference: 'T000007QPONMLKJIHGFEDCBA',
  at: NOW,
  amount: 10_050n,
  currency: 'CNY',
  original: {
    reference,
    channelReference: '2026030322001000000000000001',
    at: NOW,
    amount: 1_234_500n,
  },
  reason: '合同解除',
}
const question = { direction: 'collect', reference, at: NOW } as const
const inTime = { sendBeforeMono: 1 }

/** All parameters of a call, wherever they stand. */
function paramsOf(url: string, body: string): Record<string, string> {
  return Object.fromEntries([...new URL(url).searchParams, ...new URLSearchParams(body)])
}

describe('requests are those of alipay-sdk, signature included', () => {
  const golden = (name: string) => Object.fromEntries(new URLSearchParams(text(`${name}.txt`)))

  test.each([
    ['precreate', (c: ReturnType<typeof channelWith>) => c.channel.collect!(order, inTime)],
    ['query', (c: ReturnType<typeof channelWith>) => c.channel.query(question)],
    ['refund', (c: ReturnType<typeof channelWith>) => c.channel.refund!(refund, inTime)],
  ] as const)('%s', async (name, send) => {
    const under = channelWith()
    await send(under)
    const [{ url, body }] = under.seen as [NetRequest]
    expect(paramsOf(url, String(body))).toEqual(golden(name))
  })

  test('page', async () => {
    const under = channelWith()
    const outcome = await under.channel.collect!({ ...order, method: 'alipay_page' }, inTime)
    expect(outcome).toMatchObject({ result: 'accepted', payerAction: { kind: 'form' } })
    const { value } = (outcome as { payerAction: { value: string } }).payerAction
    const { action, fields } = JSON.parse(value) as {
      action: string
      fields: Record<string, string>
    }
    expect(paramsOf(action, new URLSearchParams(fields).toString())).toEqual(golden('page'))
    expect(under.seen).toHaveLength(0)
  })
})

describe('a reply signed by openssl', () => {
  const replied = (body: Uint8Array, status = 200): NetReply => ({
    ...{ kind: 'replied', status, headers: {}, body },
  })
  const genuine = fixture('query-reply.txt')
  const changed = (from: string | RegExp, to: string) =>
    Buffer.from(genuine.toString().replace(from, to))

  test('is read', async () => {
    const { channel } = channelWith(replied(genuine))
    expect(await channel.query(question)).toMatchObject({
      result: 'succeeded',
      amount: 1_234_500n,
      currency: 'CNY',
      bankReference: '2026030322001000000000000001',
      doneAt: NOW + 300_000,
    })
  })

  test('parsed and printed again, its escapes gone, is worth nothing', async () => {
    const printed = Buffer.from(JSON.stringify(JSON.parse(genuine.toString())))
    expect(printed.equals(genuine)).toBe(false)
    const { channel } = channelWith(replied(printed))
    expect(await channel.query(question)).toMatchObject({
      result: 'unknown',
      code: 'BAD_SIGNATURE',
    })
  })

  test.each([
    ['another amount', changed('12345.00', '12345.01'), 'BAD_SIGNATURE'],
    ['another state', changed('TRADE_SUCCESS', 'TRADE_CLOSED'), 'BAD_SIGNATURE'],
    ['another method', changed('trade_query', 'trade_close'), 'NOT_READABLE'],
    ['no signature', changed(/,"sign":.*/, '}'), 'NOT_READABLE'],
    ['an empty signature', changed(/"sign":".*"/, '"sign":""'), 'NOT_READABLE'],
    ['HTML', Buffer.from('<html>'), 'NOT_READABLE'],
    ['nothing', Buffer.alloc(0), 'NOT_READABLE'],
  ])('%s: unknown', async (_, body, code) => {
    const { channel } = channelWith(replied(body))
    expect(await channel.query(question)).toMatchObject({ result: 'unknown', code })
  })

  test('about another order: unknown', async () => {
    const { channel } = channelWith(replied(genuine))
    const answer = await channel.query({ ...question, reference: refund.reference })
    expect(answer).toMatchObject({ result: 'unknown', code: 'NOT_READABLE' })
  })

  test.each([302, 500, 502])('HTTP %d: unknown', async (status) => {
    const { channel } = channelWith(replied(genuine, status))
    expect(await channel.query(question)).toMatchObject({ code: `HTTP_${status}` })
  })
})

describe('a notice signed by openssl', () => {
  const read = (body: string) =>
    channelWith().channel.parseCallback({
      method: 'POST',
      path: '/',
      headers: {},
      body: Buffer.from(body),
    })

  test('is read', () => {
    expect(read(text('notice.txt'))).toMatchObject({
      kind: 'outcome',
      id: 'ac05099524730693a8b330c5ecf72da978',
      direction: 'collect',
      reference,
      outcome: { result: 'succeeded', amount: 1_234_500n, doneAt: NOW + 300_000 },
    })
  })

  test('with a parameter named twice is refused', () => {
    expect(read(`${text('notice.txt')}&total_amount=1.00`)).toMatchObject({ refused: 'malformed' })
    expect(read(`${text('notice.txt')}&extra=1`)).toMatchObject({ refused: 'forged' })
  })

  test('with another signature type is refused', () => {
    expect(read(text('notice.txt').replace('RSA2', 'RSA'))).toMatchObject({ refused: 'forged' })
  })
})

describe('a bill packed by Python', () => {
  const whole = fixture('bill.zip')

  test('is read', () => {
    expect(readBill(whole, '20260303', SELLER)).toMatchObject({
      date: '20260303',
      currency: 'CNY',
      settled: 1_217_103n,
      settlementReference: 'AP20260303000001',
      rows: [
        { row: 6, direction: 'collect', reference, amount: 1_234_500n, fee: 7_407n },
        { row: 7, direction: 'refund', reference: refund.reference, amount: 10_050n, fee: -60n },
      ],
    })
  })

  test.each([
    ['of another day', whole, '20260304', SELLER, 'line 3'],
    ['of another merchant', whole, '20260303', '2088000000000002', 'line 2'],
    [
      'with bytes after its end',
      Buffer.concat([whole, Buffer.from('x')]),
      '20260303',
      SELLER,
      'end',
    ],
    ['cut off', whole.subarray(0, -40), '20260303', SELLER, 'end'],
    ['that is no archive', Buffer.from('商户订单号'), '20260303', SELLER, 'end'],
    ['that is empty', Buffer.alloc(0), '20260303', SELLER, 'end'],
  ])('%s is refused', (_, bytes, date, seller, says) => {
    const file = readBill(bytes, date, seller)
    expect(file).toMatchObject({ problem: 'refused' })
    expect('says' in file && file.says).toContain(says)
  })
})

test('a bill that holds an order twice and adds up all the same is refused', () => {
  const [rows, summary] = (readZip(fixture('bill.zip')) as readonly ZipEntry[]).map(({ bytes }) =>
    iconv.decode(bytes, 'gbk'),
  )
  const refund = rows!.split('\r\n')[6]!
  const twice = rows!
    .replace(refund, `${refund}\r\n${refund}`)
    .replace('#退款合计：1笔，商家实收退款共-100.50元', '#退款合计：2笔，商家实收退款共-201.00元')
  const sums = summary!
    .replace(',1\t,1\t,12244.50\t,12244.50', ',1\t,2\t,12144.00\t,12144.00')
    .replace('-73.47', '-72.87')
    .replace('12171.03', '12071.13')
  const files = [twice, sums].map((text, i) => ({ name: `${i}`, bytes: iconv.encode(text, 'gbk') }))
  expect(readBill(zipOfFiles(files), '20260303', SELLER)).toEqual({
    problem: 'refused',
    says: 'The bill of 20260303 is refused: row 8 repeats an earlier order.',
  })
})

describe('what it does not take', () => {
  test('keys that are weak or not of RSA', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const pem = { type: 'pkcs8', format: 'pem' } as const
    const privateKeyPem = ec.privateKey.export(pem).toString()
    expect(() => channelWith(undefined, { privateKeyPem })).toThrow('not one of RSA')
    const alipayPublicKeyPem = weak.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(() => channelWith(undefined, { alipayPublicKeyPem })).toThrow('fewer than 2048 bits')
  })

  test('an order of another currency is never sent', async () => {
    const { channel, seen } = channelWith()
    const outcome = await channel.collect!({ ...order, currency: 'USD' }, inTime)
    expect(outcome).toMatchObject({ result: 'failed', code: 'NOT_TAKEN' })
    expect(seen).toHaveLength(0)
  })
})
