/**
 * The adapter at the wire: golden bytes made by openssl (`fixtures/make.sh`), what it sends opened by
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
import { type NetsunionSettings, netsunion } from './adapter.ts'
import { batchIdOf, bookOfTrxId, instantOf, trxIdOf } from './spec.ts'
import { resultOf } from './status.ts'
import { parseXml, printXml, text } from './xml.ts'

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name))

/** 2026-03-02 09:00:00 in Shanghai. */
const NOW = Date.UTC(2026, 2, 2, 1)
const clock = { now: () => NOW }
const net = answeringNet()
const settings: NetsunionSettings = {
  url: 'http://house.example',
  issuerId: 'Z2004944000010',
  reserveAccount: '991584000001',
  suite: 'rsa',
  signSerial: '4024838392',
  encryptSerial: '4025061174',
  privateKeyPem: fixture('ours.pem').toString(),
  platformPublicKeyPem: fixture('house-public.pem').toString(),
}
const world = {
  net,
  // Every message number is the one the golden reply quotes.
  rng: { below: () => 0, bytes: (length: number) => Buffer.alloc(length, 0xab) },
  clock,
  wall: clock,
}
const channel = netsunion(settings, world)

const order: PayOrder = {
  reference: '2026030200000000712345678901234',
  at: NOW,
  amount: 6_800_000n,
  currency: 'CNY',
  payee: { ...PAYEE, accountType: 'corporate' },
  memo: '房款 <A&B>',
}
const question = { direction: 'pay', reference: order.reference, at: NOW } as const
const pay = (one = order) => channel.pay!(one, { sendBeforeMono: 0 })
const notice = noticeReader(channel)

describe('golden bytes', () => {
  test('a question, signed', async () => {
    await channel.query(question)
    expect(net.sent.at(-1)).toMatchObject({
      url: 'http://house.example/preSvr',
      headers: { msgtp: 'epcc.301.001.01', oriissrid: 'Z2004944000010' },
    })
    expect(String(net.sent.at(-1)?.body)).toBe(fixture('question.signed').toString())
  })

  test('a reply with its envelope', async () => {
    net.answer = replied(fixture('reply.signed'))
    const outcome = await channel.query(question)
    expect(outcome).toMatchObject({
      result: 'succeeded',
      code: '00000000',
      message: '成功 & 入账',
      bankReference: '202603020859590000042',
      amount: 6_800_000n,
      currency: 'CNY',
      doneAt: NOW - 1_000,
      facts: { batch: 'B202603020003' },
    })
    const { payeeAccount } = outcome as { payeeAccount?: Personal }
    expect(payeeAccount?.reveal('a test')).toBe('6222600260001072444')
  })

  test('notices of a result and of a payout that came back', () => {
    const told = {
      paid: notice(fixture('notice.signed')),
      returned: notice(fixture('returned.signed')),
    }
    const back = { flow: '202603020859590000042', code: 'RJ000001', says: '成功 & 入账' }
    expectGoldenNotices(told, order, back)
  })

  test('a message that brings entities of its own is refused, signed or not', () => {
    expect(notice(fixture('entities.signed'))).toMatchObject({ refused: 'malformed' })
  })

  test('damaged in 200 ways are unknown or refused, with a reason', async () => {
    const rng = seededRng(7)
    for (let i = 0; i < 200; i += 1) {
      net.answer = replied(mutateBytes(fixture('reply.signed'), rng))
      expect(await channel.query(question)).toMatchObject({
        result: 'unknown',
        message: expect.stringMatching(/\w/),
      })
      const callback = notice(mutateBytes(fixture('notice.signed'), rng))
      expect(callback).toMatchObject({ refused: 'forged', says: expect.stringMatching(/\.$/) })
    }
  })
})

describeWithOpenssl('a payout, opened by openssl', (folder) => {
  const openssl = (args: string[], input?: Buffer) =>
    spawnSync('openssl', args, { cwd: folder, ...(input === undefined ? {} : { input }) })
  const part = (xml: string, name: string) => new RegExp(`<${name}>([^<]*)<`).exec(xml)?.[1] ?? ''

  test.each([
    ['rsa', ['-algorithm', 'RSA'], 'aes-256-cbc', 32],
    ['sm', ['-algorithm', 'SM2'], 'sm4-cbc', 16],
  ] as const)(
    'with %s keys: signature, envelope, hidden fields',
    async (suite, kind, cipher, size) => {
      expect(openssl(['genpkey', ...kind, '-out', 'key.pem']).status).toBe(0)
      expect(openssl(['pkey', '-in', 'key.pem', '-pubout', '-out', 'public.pem']).status).toBe(0)
      // We are our own clearing house here: openssl opens what we send with our key.
      const own = netsunion(
        {
          ...settings,
          suite,
          privateKeyPem: readFileSync(join(folder, 'key.pem'), 'utf8'),
          platformPublicKeyPem: readFileSync(join(folder, 'public.pem'), 'utf8'),
        },
        { ...world, rng: seededRng(9) },
      )
      net.answer = { kind: 'unknown', why: 'silence' }
      await own.pay!(order, { sendBeforeMono: 0 })
      const message = String(net.sent.at(-1)?.body)
      const at = message.lastIndexOf('{S:')
      const xml = message.slice(0, at)
      writeFileSync(join(folder, 'xml'), xml)
      writeFileSync(join(folder, 'signature'), Buffer.from(message.slice(at + 3, -1), 'base64'))
      const digest =
        suite === 'rsa'
          ? ['-digest', 'sha256']
          : ['-digest', 'sm3', '-pkeyopt', 'distid:1234567812345678']
      const verify = (file: string) =>
        openssl(
          ['pkeyutl', '-verify', '-pubin', '-inkey', 'public.pem', '-in', file, '-rawin'].concat(
            digest,
            ['-sigfile', 'signature'],
          ),
        ).status
      expect(verify('xml')).toBe(0)
      writeFileSync(join(folder, 'other'), xml.replace('68000.00', '68000.01'))
      expect(verify('other')).not.toBe(0)

      const padding = suite === 'rsa' ? ['-pkeyopt', 'rsa_padding_mode:oaep'] : []
      const envelope = Buffer.from(part(xml, 'DgtlEnvlp'), 'base64')
      const opened = openssl(['pkeyutl', '-decrypt', '-inkey', 'key.pem', ...padding], envelope)
      const key = /^01\|([0-9a-f]+)$/.exec(opened.stdout.toString())?.[1] ?? ''
      expect(key).toHaveLength(size)
      const reveal = (name: string) => {
        const bytes = Buffer.from(part(xml, name), 'base64')
        const [K, iv] = [Buffer.from(key), bytes.subarray(0, 16)].map((one) => one.toString('hex'))
        const args = ['enc', '-d', `-${cipher}`, '-K', K ?? '', '-iv', iv ?? '']
        return openssl(args, bytes.subarray(16)).stdout.toString()
      }
      expect([reveal('PyeeAcctId'), reveal('PyeeNm')]).toEqual(['6222600260001072444', '李秀英'])
      expect(xml).not.toContain('李秀英')
      expect(xml).toContain(
        '<TrxAmt>CNY68000.00</TrxAmt><TrxCtgy>0221</TrxCtgy><BizTp>100004</BizTp>' +
          '<TrxRmk>房款 &lt;A&amp;B&gt;</TrxRmk>',
      )
      expect(part(xml, 'PyeeAcctTp')).toBe('01')
      expect(part(xml, 'BatchId')).toBe('B202603020004')
    },
  )
})

describe('what an answer is worth', () => {
  test.each<[string, NetReply, string]>([
    ['no answer', { kind: 'unknown', why: 'silence' }, 'NO_REPLY'],
    ['nothing', replied(''), 'BAD_SIGNATURE'],
    ['an error of HTTP', replied('Bad Gateway', 502), 'HTTP_502'],
    ['the reply to a question', replied(fixture('reply.signed')), 'OTHER_REFERENCE'],
    ['a reply signed by ourselves', replied(fixture('question.signed')), 'BAD_SIGNATURE'],
  ])('%s', async (_, reply, code) => {
    net.answer = reply
    expect(await pay()).toMatchObject({ result: 'unknown', code })
  })

  test('nothing left: it may be sent again', async () => {
    net.answer = { kind: 'not_sent', why: 'refused' }
    expect(await pay()).toEqual({ result: 'not_sent', message: 'refused' })
  })

  test.each([
    ['00000000', '00000000', 'succeeded'],
    ['00000000', 'PB000001', 'accepted'],
    ['00000000', 'PB520057', 'failed'],
    ['00000000', 'PB999999', 'unknown'],
    ['00000000', '', 'unknown'],
    ['PS500001', '', 'failed'],
    // A refused signature, and a system code nobody has seen, prove nothing; nor does the second
    // layer of a message that was not processed.
    ['PS500002', '', 'unknown'],
    ['PS999999', '00000000', 'unknown'],
  ])('system %s, business %s: %s and %s', (system, business, result) => {
    expect(resultOf(system, business)).toBe(result)
  })
})

describe('numbers', () => {
  test('of payouts have 31 digits and carry the book', () => {
    for (const book of [1, 7, 999_999_999]) {
      const trxId = trxIdOf(book, 'attempt', NOW)
      expect(trxId).toMatch(/^20260302\d{23}$/)
      expect(bookOfTrxId(trxId)).toBe(book)
    }
    expect(trxIdOf(7, 'attempt', NOW)).not.toBe(trxIdOf(7, 'another', NOW))
  })

  test.each([
    ['2026-03-02T00:00:00', 'B202603020001'],
    ['2026-03-02T02:59:59', 'B202603020001'],
    ['2026-03-02T03:00:00', 'B202603020002'],
    ['2026-03-02T20:59:59', 'B202603020007'],
    ['2026-03-02T23:59:59', 'B202603020008'],
  ])('of clearing batches follow the window: %s is %s', (time, batch) => {
    expect(batchIdOf(instantOf(time)!)).toBe(batch)
  })
})

describe('XML', () => {
  test('prints and reads any text', () => {
    for (const plain of ['a', '<&>"\'', ' 两端有空格 ', '&amp;lt;', ']]>', '{S:abc}']) {
      const root = parseXml(printXml({ MsgHeader: { a: plain }, MsgBody: { b: '' } }))
      expect(text(root?.MsgHeader as Record<string, unknown>, 'a')).toBe(plain)
    }
  })

  test.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['another root', '<toor/>'],
    ['two roots', '<root><a/></root><root><a/></root>'],
    ['a document type', '<!DOCTYPE root><root><a/></root>'],
    ['a comment', '<root><!-- x --><a/></root>'],
    ['an instruction', '<?php x?><root><a/></root>'],
    ['an element left open', '<root><a></root>'],
    ['too deep', `<root>${'<a>'.repeat(9)}${'</a>'.repeat(9)}</root>`],
    ['too long', `<root><a>${'x'.repeat(2_000_001)}</a></root>`],
  ])('refuses %s', (_, xml) => {
    expect(parseXml(xml)).toBeUndefined()
  })

  test('names of every object stay unknown', () => {
    const root = parseXml('<root><a>1</a></root>')!
    expect(text(root, 'constructor')).toBe('')
    expect(text(root, '__proto__')).toBe('')
  })
})
