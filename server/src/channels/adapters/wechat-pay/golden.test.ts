/** The adapter against bytes that came from elsewhere: WeChat Pay itself and clients of others. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { seededRng } from '#base'
import { readRsaPublicKey, rsaVerify } from '#vault'
import { readBill } from './bill.ts'
import { readCallback } from './callback.ts'
import vector from './fixtures/aead-sm4.json' with { type: 'json' }
import golden from './fixtures/notice-2021-01-28.json' with { type: 'json' }
import { readKeys, signedMessage } from './signature.ts'
import { keyPair } from './testing/rail.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url))

const keys = readKeys({
  scheme: 'rsa',
  serial: 'OURS',
  privateKeyPem: keyPair('rsa').privatePem,
  platformKeys: { [golden.serial]: golden.publicKeyPem },
  apiV3Key: golden.apiV3Key,
})
const WALL = Number(golden.timestamp) * 1000
const ours = { keys, mchId: '1601959334', wall: WALL }
const notice = {
  method: 'POST',
  path: '/notify',
  headers: {
    'wechatpay-timestamp': golden.timestamp,
    'wechatpay-nonce': golden.nonce,
    'wechatpay-serial': golden.serial,
    'wechatpay-signature': golden.signature,
  },
  body: Buffer.from(golden.body),
}

describe('a notice of WeChat Pay', () => {
  test('is read', () => {
    expect(readCallback(ours, notice)).toEqual({
      kind: 'outcome',
      id: 'b62e271c-3389-58a0-8146-4a704966e8f1',
      direction: 'collect',
      reference: 'S20210128170702357723',
      outcome: {
        result: 'succeeded',
        code: 'SUCCESS',
        message: '支付成功',
        bankReference: '4200000925202101284997714292',
        amount: 1n,
        currency: 'CNY',
        doneAt: Date.UTC(2021, 0, 28, 9, 7, 11),
      },
    })
  })

  test.each([
    ['another merchant', { ...ours, mchId: '1601959335' }, notice, 'other_pool'],
    ['five minutes and a second later', { ...ours, wall: WALL + 301_000 }, notice, 'stale'],
    ['as long before', { ...ours, wall: WALL - 301_000 }, notice, 'stale'],
    ['another serial', ours, withHeader('wechatpay-serial', 'OTHER'), 'forged'],
    ['another time', ours, withHeader('wechatpay-timestamp', '1611368331'), 'forged'],
    ['no signature', ours, withHeader('wechatpay-signature', undefined), 'forged'],
    [
      'another type',
      ours,
      withHeader('wechatpay-signature-type', 'WECHATPAY2-SM2-WITH-SM3'),
      'forged',
    ],
    ['a probe', ours, withHeader('wechatpay-signature', 'WECHATPAY/SIGNTEST/x'), 'forged'],
  ])('%s', (_, context, request, refused) => {
    expect(readCallback(context, request)).toMatchObject({ refused })
  })

  test('by our fixed time, five minutes either way are good', () => {
    for (const wall of [WALL - 299_000, WALL + 299_000]) {
      expect(readCallback({ ...ours, wall }, notice)).toMatchObject({ kind: 'outcome' })
    }
  })
})

function withHeader(name: string, value: string | undefined) {
  return { ...notice, headers: { ...notice.headers, [name]: value } }
}

test('a request of another client is signed over the lines we sign', () => {
  const { method, path, body, signature } = golden.request
  const message = signedMessage([method, path, golden.timestamp, golden.nonce], Buffer.from(body))
  const key = readRsaPublicKey(golden.publicKeyPem)
  expect(rsaVerify(key, message, Buffer.from(signature, 'base64'))).toBe(true)
})

test('the seal of the SM scheme is the one of WeChat Pay’s library', () => {
  const { api_v3_key: apiV3Key, aead_sm4: sealed } = vector
  const pair = keyPair('sm')
  const sm = readKeys({
    scheme: 'sm',
    serial: 'OURS',
    privateKeyPem: pair.privatePem,
    platformKeys: { P: pair.publicPem },
    apiV3Key,
  })
  const { nonce, aad: associated, ciphertext_b64: text } = sealed
  for (const algorithm of ['AEAD_SM4_GCM', 'AEAD_SM4_128_GCM']) {
    expect(sm.open({ algorithm, nonce, associated, text })?.toString()).toBe(sealed.plaintext)
  }
  expect(sm.open({ algorithm: 'AEAD_AES_256_GCM', nonce, associated, text })).toBeUndefined()
})

describe('a bill of WeChat Pay', () => {
  const bytes = fixture('bill-2021-01-28.csv')
  const context = {
    date: '20210128',
    mchId: '1601959334',
    currency: 'CNY',
    settlementReference: 'S',
  }

  test('has the hash WeChat Pay announced, and is read whole', () => {
    const sha1 = createHash('sha1').update(bytes).digest('hex')
    expect(sha1).toBe('dcd7ceb3d382a1181798368bb15d8437de46c00f')
    const file = readBill(bytes, context)
    expect(file).toMatchObject({ date: '20210128', currency: 'CNY', settled: 3n })
    expect('rows' in file && file.rows).toMatchObject([
      { row: 2, direction: 'collect', reference: 'S20210128170702357723', amount: 1n, fee: 0n },
      { row: 3, channelReference: '4200000910202101282955148400', result: 'succeeded' },
      { row: 4, reference: 'S20210128165824499930' },
    ])
  })

  test('with a refund gives the fee back', () => {
    const refund = { ...context, date: '20240709', mchId: '1579500000' }
    const file = readBill(fixture('bill-2024-07-09.csv'), refund)
    expect(file).toMatchObject({
      settled: 995n,
      rows: [
        { direction: 'refund', reference: '5622435300878280000', amount: 5000n, fee: -27n },
        { direction: 'collect', reference: '5622334254839650000', amount: 6000n, fee: 32n },
      ],
    })
  })

  const text = bytes.toString()
  test.each([
    ['another merchant', text, { ...context, mchId: '1' }, 'row 2, column 商户号'],
    ['a later day', text, { ...context, date: '20210127' }, 'row 2, column 交易时间'],
    ['a sum', text.replace('`3,`0.03', '`3,`0.04'), context, 'row 6, column 应结订单总金额'],
    ['the count', text.replace('`3,`0.03', '`2,`0.03'), context, 'row 6, column 总交易单数'],
    ['a state', text.replace('`SUCCESS', '`DONE'), context, 'row 2, column 交易状态'],
    ['an amount', text.replace('`0.01', '`0.011'), context, 'row 2, column 应结订单金额'],
    ['half a fen of fee', text.replace('`0.00000', '`0.00500'), context, 'row 2, column 手续费'],
    ['no backtick', text.replace('`2021', '2021'), context, 'row 2, column 交易时间'],
    ['a column more', text.replace('`CNY', '`CNY,`CNY'), context, 'row 2'],
    ['the end', text.slice(0, -2), context, 'cut off'],
    ['the header', text.replace('商户号', '商家号'), context, 'row 1'],
    ['a row twice', text.replace(/(`2021.*\r\n)/, '$1$1'), context, 'row 3, column 商户订单号'],
    ['nothing', '', context, 'row 1'],
  ])('is refused for %s', (_, changed, about, says) => {
    const file = readBill(Buffer.from(changed), about)
    expect(file).toMatchObject({ problem: 'refused', says: expect.stringContaining(says) })
  })

  test('never throws, whatever the bytes are', () => {
    const rng = seededRng(77)
    for (let round = 0; round < 300; round += 1) {
      const changed = Buffer.from(bytes)
      for (let i = 0; i <= rng.below(4); i += 1) changed[rng.below(changed.length)] = rng.below(256)
      const file = readBill(changed, context)
      if ('problem' in file) expect(file.says).toMatch(/^row \d+, column /)
      else expect(file.settled).toBe(3n)
    }
  })
})
