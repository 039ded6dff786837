/**
 * The adapter at the wire: golden bytes made by openssl (`fixtures/make.sh`), what it sends checked by
 * openssl, and what each answer is worth.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type NetReply, type Personal, seededRng } from '#base'
import { mutateBytes } from '../../../../testing/conformance/mutate.ts'
import type { PayOrder } from '../../payment-channel.ts'
import {
  answeringNet,
  describeWithOpenssl,
  expectGoldenNotices,
  noticeReader,
  replied,
} from '../../testing/golden.ts'
import { PAYEE } from '../../testing/payouts.ts'
import { bankDirect } from './adapter.ts'
import { derOfRaw, encryptText, rawOfDer } from './signature.ts'
import { resultOfReply, resultOfStatus } from './status.ts'

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name))
const SM4 = '0123456789abcdeffedcba9876543210'
const USER = 'N003261207'

/** 2026-03-02 09:00:00 in Shanghai. */
const NOW = Date.UTC(2026, 2, 2, 1)
const clock = { now: () => NOW }
const net = answeringNet()
const channel = bankDirect(
  {
    url: 'http://bank.example/',
    userId: USER,
    account: '755947919810515',
    bank: 'CMB',
    privateKeyPem: fixture('ours.pem').toString(),
    bankPublicKeyPem: fixture('bank-public.pem').toString(),
    sm4KeyHex: SM4,
    firstDate: '20260101',
  },
  {
    net,
    // Every request number is the one the golden reply quotes.
    rng: { below: () => 0, bytes: (length) => Buffer.alloc(length, 0xab) },
    clock,
    wall: clock,
  },
)

const order: PayOrder = {
  reference: 'T0000071ABCDEFGHIJKLMNOP',
  at: NOW,
  amount: 6_800_000n,
  currency: 'CNY',
  payee: PAYEE,
  memo: '房款',
}
const question = { direction: 'pay', reference: order.reference, at: NOW } as const
const pay = (change: Partial<PayOrder> = {}) =>
  channel.pay!({ ...order, ...change }, { sendBeforeMono: 0 })
const notice = noticeReader(channel)

describe('golden bytes', () => {
  test('a reply to a question', async () => {
    net.answer = replied(fixture('reply.b64'))
    const outcome = await channel.query(question)
    expect(outcome).toMatchObject({
      result: 'succeeded',
      code: 'FIN/S',
      bankReference: 'C00000000000042',
      amount: 6_800_000n,
      currency: 'CNY',
      doneAt: NOW - 1_000,
    })
    const { payeeAccount } = outcome as { payeeAccount?: Personal }
    expect(payeeAccount?.reveal('a test')).toBe('6222600260001072444')
  })

  test('notices of a result and of a payout that came back', () => {
    const told = {
      paid: notice(fixture('notice.signed')),
      returned: notice(fixture('returned.signed')),
    }
    const back = { flow: 'C00000000000077', code: 'RJ01', says: '收款账户异常' }
    expectGoldenNotices(told, order, back)
  })

  test('an encrypted text', () => {
    const golden = fixture('pay.b64').toString()
    expect(encryptText(Buffer.from(SM4, 'hex'), USER, fixture('pay.text').toString())).toBe(golden)
  })

  test('damaged in 200 ways are unknown or refused, with a reason', async () => {
    const rng = seededRng(7)
    let changed = 0
    for (let i = 0; i < 200; i += 1) {
      net.answer = replied(mutateBytes(fixture('reply.b64'), rng))
      const outcome = await channel.query(question)
      if (outcome.result !== 'succeeded') {
        changed += 1
        expect(outcome).toMatchObject({ result: 'unknown', message: expect.stringMatching(/\w/) })
      }
      const callback = notice(mutateBytes(fixture('notice.signed'), rng))
      expect(callback).toMatchObject({ refused: 'forged', says: expect.stringMatching(/\.$/) })
    }
    expect(changed).toBeGreaterThan(190)
  })
})

describeWithOpenssl('a request, read by openssl', (folder) => {
  test('is the hand-written text, encrypted with SM4 and signed with SM2', async () => {
    net.answer = { kind: 'unknown', why: 'silence' }
    await pay()
    const form = new URLSearchParams(String(net.sent.at(-1)?.body))
    expect([form.get('UID'), form.get('FUNCODE'), form.get('ALG')]).toEqual([
      USER,
      'BB1PAYOP',
      'SM',
    ])
    const iv = Buffer.from('N003261207000000').toString('hex')
    const decrypt = ['enc', '-d', '-sm4-cbc', '-K', SM4, '-iv', iv, '-base64', '-A']
    const text = spawnSync('openssl', decrypt, { input: form.get('DATA') ?? '' }).stdout.toString()
    const signature = /"sigdat":"([^"]+)"/.exec(text)?.[1] ?? ''
    const signed = text.replace(signature, '__signature_sigdat__')
    expect(signed).toBe(fixture('pay.text').toString())

    writeFileSync(join(folder, 'text'), signed)
    writeFileSync(join(folder, 'signature'), derOfRaw(Buffer.from(signature, 'base64')))
    const key = join(import.meta.dirname, 'fixtures', 'ours-public.pem')
    const verify = (id: string) =>
      spawnSync(
        'openssl',
        [
          'pkeyutl',
          '-verify',
          '-pubin',
          '-inkey',
          key,
          '-in',
          'text',
          '-sigfile',
          'signature',
        ].concat(['-rawin', '-digest', 'sm3', '-pkeyopt', `distid:${id}`]),
        { cwd: folder },
      ).status
    expect(verify('N003261207000000')).toBe(0)
    expect(verify('1234567812345678')).not.toBe(0)
  })
})

describe('what an answer is worth', () => {
  test.each<[string, NetReply, string, string]>([
    ['no answer', { kind: 'unknown', why: 'silence' }, 'unknown', 'NO_REPLY'],
    ['an unsigned sentence', replied('CDCServer:ErrMsg=请求无法处理'), 'unknown', 'NOT_READABLE'],
    ['nothing', replied(''), 'unknown', 'NOT_READABLE'],
    ['an error of HTTP', replied('Bad Gateway', 502), 'unknown', 'HTTP_502'],
    ['the reply to a question', replied(fixture('reply.b64')), 'unknown', 'OTHER_REFERENCE'],
    [
      'a reply signed by nobody of the bank',
      replied(encryptText(Buffer.from(SM4, 'hex'), USER, fixture('reply.text').toString())),
      'unknown',
      'BAD_SIGNATURE',
    ],
  ])('%s', async (_, reply, result, code) => {
    net.answer = reply
    expect(await pay()).toMatchObject({ result, code })
  })

  test('nothing left: it may be sent again', async () => {
    net.answer = { kind: 'not_sent', why: 'refused' }
    expect(await pay()).toEqual({ result: 'not_sent', message: 'refused' })
  })

  test('dollars are refused without asking the bank', async () => {
    const before = net.sent.length
    expect(await pay({ currency: 'USD' })).toMatchObject({ result: 'failed', code: 'CURRENCY' })
    expect(net.sent.length).toBe(before)
  })

  test.each([
    ['BNK', '', 'accepted', 'accepted'],
    ['AUT', '', 'accepted', 'accepted'],
    // Taken in is never done; that it came back later does not undo it.
    ['FIN', 'S', 'accepted', 'succeeded'],
    ['FIN', 'B', 'accepted', 'succeeded'],
    ['FIN', 'F', 'failed', 'failed'],
    ['FIN', 'U', 'unknown', 'unknown'],
    ['FIN', '', 'unknown', 'unknown'],
    ['ODD', 'F', 'unknown', 'unknown'],
  ])('reqSts %s with rtnFlg %s', (reqSts, rtnFlg, inReply, inQuestion) => {
    expect(resultOfReply('SUC0000', reqSts, rtnFlg)).toBe(inReply)
    expect(resultOfStatus(reqSts, rtnFlg)).toBe(inQuestion)
  })
})

test('DER and r with s are each other’s way back', () => {
  const rng = seededRng(5)
  for (let i = 0; i < 200; i += 1) {
    const raw = Buffer.from(rng.bytes(64))
    // Numbers that are short, and such that would look negative.
    if (i % 3 === 0) raw.fill(0, 0, 1 + rng.below(30))
    if (i % 5 === 0) raw[32] = 0xff
    expect(rawOfDer(derOfRaw(raw)).equals(raw)).toBe(true)
  }
})
