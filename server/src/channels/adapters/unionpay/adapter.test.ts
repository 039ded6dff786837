/**
 * The adapter at the wire: bytes against those the openssl command line made (`fixtures/make.sh`), what
 * a reply or notice is worth, and whose certificate is believed.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type NetReply, type NetRequest, Personal } from '#base'
import { MER_ID, testKeys } from '../../../../../simulators/unionpay/index.ts'
import type { CallbackRequest, CollectOrder, PayOrder, RefundOrder } from '../../payment-channel.ts'
import { unionpay } from './adapter.ts'
import { createSigner, type SignatureSettings, signedText } from './signature.ts'
import type { Fields } from './spec.ts'
import { printForm, readForm, readPlainForm } from './wire.ts'

const keys = testKeys()
const pem = (name: string) =>
  readFileSync(
    new URL(`../../../../../simulators/unionpay/keys/${name}.pem`, import.meta.url),
    'utf8',
  )
const golden = (name: string) =>
  readFileSync(new URL(`./fixtures/${name}.txt`, import.meta.url), 'utf8')

/** 2026-03-02 09:00:00 in Shanghai. */
const AT = Date.UTC(2026, 2, 2, 1)
const reference = 'T00000C0123456789ABCDEFG'
const order = { reference, at: AT, currency: 'CNY' }

const RSA: Extract<SignatureSettings, { method: '01' }> = {
  method: '01',
  privateKeyPem: keys.merchantKeyPem,
  certPem: keys.merchantCertPem,
  encryptCertPem: keys.encryptCertPem,
  rootPem: keys.rootPem,
  middlePems: [keys.middlePem],
}
const SHA: SignatureSettings = { method: '11', key: keys.secureKey }
const SM3: SignatureSettings = { method: '12', key: keys.secureKey }

const payer = {
  name: new Personal('name', '李秀英'),
  account: new Personal('card', '6222600260001072444'),
  bank: 'ICBC',
  accountType: 'personal' as const,
  idNumber: new Personal('id_number', '440524188001010014'),
  mobile: new Personal('phone', '13800003456'),
}
const payee = {
  name: new Personal('name', '安居置业有限公司'),
  account: new Personal('card', '8110701012901234567'),
  bank: 'CITIC',
  accountType: 'corporate' as const,
}
const collect: CollectOrder = {
  ...order,
  amount: 1_234_500n,
  method: 'collection',
  subject: '购房款',
  expiresAt: AT + 3_600_000,
  payer,
}
const pay: PayOrder = { ...order, amount: 98_700n, payee, memo: '佣金' }
const refund: RefundOrder = {
  ...order,
  amount: 300_000n,
  original: {
    reference: 'T00000C0000000000000000A',
    channelReference: '202603020900000000017',
    at: AT,
    amount: 1_234_500n,
  },
  reason: '合同解除',
}

/** A network of one answer, which keeps what was sent. */
function channelWith(signature: SignatureSettings, answer: () => NetReply, wall = AT) {
  const sent: NetRequest[] = []
  const net = {
    call: async (request: NetRequest) => {
      sent.push(request)
      return answer()
    },
  }
  const channel = unionpay(
    {
      url: 'https://gateway.example',
      merId: MER_ID,
      backUrl: 'https://platform.example/v1/channels/unionpay/callbacks',
      signature,
    },
    { net, clock: { now: () => AT }, wall: { now: () => wall } },
  )
  return { channel, sent, body: () => String(sent.at(-1)?.body) }
}
const replied = (body: string, status = 200): NetReply => ({
  kind: 'replied',
  status,
  headers: {},
  body: Buffer.from(body),
})
/** As UnionPay writes replies: nothing is encoded. */
const printPlain = (fields: Fields) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
const silence = (): NetReply => ({ kind: 'unknown', why: 'no reply' })
const inTime = { sendBeforeMono: 1 }
const question = { direction: 'refund' as const, reference, at: AT }

describe('bytes as openssl makes them', () => {
  test('a query by RSA', async () => {
    const { channel, body, sent } = channelWith(RSA, silence)
    await channel.query(question)
    expect(body()).toBe(golden('query-01'))
    expect(sent[0]!.url).toBe('https://gateway.example/gateway/api/queryTrans.do')
  })
  test('a refund by RSA, and not hashed once', async () => {
    const { channel, body, sent } = channelWith(RSA, silence)
    await channel.refund!(refund, inTime)
    expect(body()).toBe(golden('refund-01'))
    expect(body()).not.toBe(golden('refund-single-hash'))
    expect(sent[0]).toMatchObject({
      url: 'https://gateway.example/gateway/api/backTransReq.do',
      sendBeforeMono: 1,
    })
  })
  test('a collection by SHA-256 with a key', async () => {
    const { channel, body } = channelWith(SHA, silence)
    await channel.collect!(collect, inTime)
    expect(body()).toBe(golden('collect-11'))
  })
  test('a payout by SM3 with a key', async () => {
    const { channel, body } = channelWith(SM3, silence)
    await channel.pay!(pay, inTime)
    expect(body()).toBe(golden('pay-12'))
  })
  test('by RSA no personal data but name and document number is legible', async () => {
    const { channel, body } = channelWith(RSA, silence)
    await channel.collect!(collect, inTime)
    const fields = readForm(Buffer.from(body()))!
    const info = Buffer.from(fields.customerInfo!, 'base64').toString()
    expect(info).toMatch(/^\{certifTp=01&certifId=440524188001010014&customerNm=李秀英&encrypted/)
    for (const secret of ['6222600260001072444', '13800003456']) {
      expect(body()).not.toContain(secret)
      expect(info).not.toContain(secret)
    }
  })
})

test('a collection without a payer, or by another method, fails and nothing is sent', async () => {
  const { channel, sent } = channelWith(SHA, silence)
  const { payer: _, ...nobody } = collect
  for (const order of [nobody, { ...collect, method: 'wechat_native' as const }]) {
    expect(await channel.collect!(order, inTime)).toMatchObject({
      result: 'failed',
      code: 'NOT_OFFERED',
    })
  }
  expect(sent).toHaveLength(0)
})

test('an order of another currency fails and nothing is sent: every amount would go as fen', async () => {
  const { channel, sent } = channelWith(SHA, silence)
  const dollars = { currency: 'USD' }
  for (const outcome of [
    await channel.collect!({ ...collect, ...dollars }, inTime),
    await channel.pay!({ ...pay, ...dollars }, inTime),
    await channel.refund!({ ...refund, ...dollars }, inTime),
  ]) {
    expect(outcome).toMatchObject({ result: 'failed', code: 'NOT_OFFERED' })
  }
  expect(sent).toHaveLength(0)
})

describe('what the answer to a question is worth', () => {
  const told = { respCode: '00', txnType: '04', origRespCode: '00', currencyCode: '156' }
  const ask = async (change: Fields) => {
    const echoed = {
      merId: MER_ID,
      orderId: reference,
      txnTime: '20260302090000',
      version: '5.1.0',
    }
    const reply = createSigner(SHA).sign({ ...echoed, ...told, txnAmt: '300000', ...change })
    const { channel } = channelWith(SHA, () => replied(printPlain(reply)))
    return channel.query(question)
  }
  test.each<[string, Fields, object]>([
    ['done', {}, { result: 'succeeded', amount: 300_000n, currency: 'CNY' }],
    ['done, of another amount: handed on', { txnAmt: '1' }, { result: 'succeeded', amount: 1n }],
    // What cannot be compared with what was ordered proves nothing.
    ['done, of no amount', { txnAmt: '' }, { result: 'unknown', code: 'NOT_READABLE' }],
    ['done, of an amount in yuan', { txnAmt: '3000.00' }, { result: 'unknown' }],
    ['refused, of no amount', { origRespCode: '90', txnAmt: '' }, { result: 'failed', code: '90' }],
    ['nobody knows yet', { origRespCode: '03' }, { result: 'unknown', code: '03' }],
    ['no outcome', { origRespCode: '' }, { result: 'unknown', code: 'NOT_READABLE' }],
    ['another kind of order', { txnType: '12' }, { result: 'unknown', code: 'OTHER_ORDER' }],
    ['no such order', { respCode: '34' }, { result: 'not_found', code: '34' }],
  ])('%s', async (_, change, answer) => {
    expect(await ask(change)).toMatchObject(answer)
  })
})

describe('what a reply is worth', () => {
  const ask = async (reply: NetReply, signature: SignatureSettings = RSA, wall = AT) => {
    const { channel } = channelWith(signature, () => reply, wall)
    return channel.refund!(refund, inTime)
  }
  test('one that UnionPay signed, as openssl made it: accepted, not done', async () => {
    expect(await ask(replied(golden('reply-01')))).toMatchObject({
      result: 'accepted',
      code: '00',
      bankReference: '202603020900000000018',
    })
  })
  const signedReply = (change: Fields, method: SignatureSettings = SHA) => {
    const { signature, signPubKeyCert, ...fields } = readPlainForm(Buffer.from(golden('reply-01')))!
    return printPlain(createSigner(method).sign({ ...fields, ...change }))
  }
  const cases: [string, Fields, string, string][] = [
    ['accepted', {}, 'accepted', '00'],
    ['refused for a merchant’s balance', { respCode: '90' }, 'failed', '90'],
    ['nobody knows yet', { respCode: '03' }, 'unknown', '03'],
    ['unclear', { respCode: '04' }, 'unknown', '04'],
    ['going on', { respCode: '05' }, 'unknown', '05'],
    ['an order of this number', { respCode: '12' }, 'unknown', '12'],
    ['a code nobody has seen', { respCode: 'Z7' }, 'unknown', 'Z7'],
    ['no code', { respCode: '' }, 'unknown', 'NOT_READABLE'],
    ['another order', { orderId: 'T00000C0123456789ABCDEFH' }, 'unknown', 'OTHER_ORDER'],
    ['another time', { txnTime: '20260302090001' }, 'unknown', 'OTHER_ORDER'],
    ['another merchant', { merId: '777290058110049' }, 'unknown', 'OTHER_ORDER'],
    ['another kind of order', { txnType: '12' }, 'unknown', 'OTHER_ORDER'],
  ]
  test.each(cases)('%s', async (_, change, result, code) => {
    expect(await ask(replied(signedReply(change)), SHA)).toMatchObject({ result, code })
  })
  test.each([
    ['HTTP 502', replied('Bad Gateway', 502), 'HTTP_502'],
    ['empty', replied(''), 'NOT_READABLE'],
    ['a name twice', replied(`${golden('reply-01')}&respCode=00`), 'NOT_READABLE'],
    ['not UTF-8', { ...replied(''), body: Buffer.from([0xff, 0x3d]) }, 'NOT_READABLE'],
    ['not signed', replied('respCode=00'), 'BAD_SIGNATURE'],
    ['by a method not agreed', replied(signedReply({})), 'BAD_SIGNATURE'],
    ['changed', replied(golden('reply-01').replace('300000', '300001')), 'BAD_SIGNATURE'],
  ] as [string, NetReply, string][])('%s', async (_, reply, code) => {
    expect(await ask(reply)).toMatchObject({ result: 'unknown', code })
  })
  test('past the life of the certificate it is believed no more', async () => {
    const late = await ask(replied(golden('reply-01')), RSA, Date.UTC(2121, 0, 1))
    expect(late).toMatchObject({ result: 'unknown', code: 'BAD_SIGNATURE' })
  })
  test('not sent is not unknown', async () => {
    expect(await ask({ kind: 'not_sent', why: 'refused' })).toMatchObject({ result: 'not_sent' })
  })
})

describe('whose certificate is believed', () => {
  const signedBy = (name: string) => {
    // UnionPay's side: the same text, with the certificate in it.
    const signer = createSigner({
      ...RSA,
      privateKeyPem: pem(`${name === 'expired' ? 'sign' : name}-key`),
    })
    const fields = { respCode: '00', merId: MER_ID, signPubKeyCert: pem(name) }
    return signer.sign(fields)
  }
  test.each([
    ['sign', true],
    ['stranger', false],
    ['other', false],
    ['merchant', false],
    ['expired', false],
  ])('%s: %s', (name, believed) => {
    expect(createSigner(RSA).verify(signedBy(name), AT)).toBe(believed)
  })
  test('none without the middle certificate, none when it is the root’s own', () => {
    const { middlePems, ...rootOnly } = RSA
    expect(createSigner(rootOnly).verify(signedBy('sign'), AT)).toBe(false)
    const form = { ...signedBy('sign'), signPubKeyCert: pem('root') }
    expect(createSigner(RSA).verify(form, AT)).toBe(false)
    expect(createSigner(RSA).verify({ ...form, signPubKeyCert: 'no PEM' }, AT)).toBe(false)
  })
  test('the text that is signed leaves out what is empty and the signature', () => {
    expect(signedText({ b: '2', signature: 'x', a: '1', c: '', B: '3' })).toBe('B=3&a=1&b=2')
  })
})

describe('notices', () => {
  const request = (body: string, method = 'POST'): CallbackRequest => ({
    method,
    path: '/v1/channels/unionpay/callbacks',
    headers: {},
    body: Buffer.from(body),
  })
  const parse = (body: string, signature: SignatureSettings = RSA) =>
    channelWith(signature, silence).channel.parseCallback(request(body))

  test('one that UnionPay signed, as openssl made it', () => {
    expect(parse(golden('notice-01'))).toEqual({
      kind: 'outcome',
      id: '202603020900000000018-00',
      direction: 'refund',
      reference,
      outcome: {
        result: 'succeeded',
        code: '00',
        message: '成功[0000000]',
        bankReference: '202603020900000000018',
        amount: 300_000n,
        currency: 'CNY',
      },
    })
  })
  const signedNotice = (change: Fields) => {
    const { signature, signPubKeyCert, ...fields } = readForm(Buffer.from(golden('notice-01')))!
    return printForm(createSigner(SHA).sign({ ...fields, ...change }))
  }
  test.each([
    ['another merchant', { merId: '777290058110049' }, 'other_pool'],
    ['a purchase', { txnType: '01' }, 'unknown_event'],
    ['another version', { version: '5.0.0' }, 'malformed'],
    ['an amount with a point', { txnAmt: '3000.00' }, 'malformed'],
    ['a negative amount', { txnAmt: '-1' }, 'malformed'],
    ['no amount', { txnAmt: '' }, 'malformed'],
    ['a reference with blanks', { orderId: 'T00 000' }, 'malformed'],
    ['no code', { respCode: '' }, 'malformed'],
  ])('signed rightly, but %s: refused', (_, change, refused) => {
    expect(parse(signedNotice(change), SHA)).toMatchObject({
      refused,
      says: expect.stringMatching(/\.$/),
    })
  })
  test('another currency is handed on, not judged', () => {
    expect(parse(signedNotice({ currencyCode: '840' }), SHA)).toMatchObject({
      outcome: { currency: '840' },
    })
  })
  test('a failure, and a code nobody knows', () => {
    expect(parse(signedNotice({ respCode: '64' }), SHA)).toMatchObject({
      id: '202603020900000000018-64',
      outcome: { result: 'failed' },
    })
    expect(parse(signedNotice({ respCode: '03' }), SHA)).toMatchObject({
      outcome: { result: 'unknown' },
    })
  })
  test('by GET: refused', () => {
    const { channel } = channelWith(RSA, silence)
    expect(channel.parseCallback(request(golden('notice-01'), 'GET'))).toHaveProperty('refused')
  })
})

test('the clearing day begins at 23:00', () => {
  const { channel } = channelWith(SHA, silence)
  expect(channel.businessDate(Date.UTC(2026, 2, 2, 14, 59, 59))).toBe('20260302')
  expect(channel.businessDate(Date.UTC(2026, 2, 2, 15))).toBe('20260303')
})
