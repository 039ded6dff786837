/** What tests of an adapter at the wire share: a network that answers as told, and golden notices. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Net, NetReply, NetRequest } from '#base'
import type { Callback, PaymentChannel, PayOrder, PayoutReturned } from '../payment-channel.ts'
import type { NoticeRefusal } from '../port.ts'

/** A network that keeps what is sent over it and gives the answer a test has set. */
export interface AnsweringNet extends Net {
  readonly sent: NetRequest[]
  answer: NetReply
}

export function answeringNet(): AnsweringNet {
  const net: AnsweringNet = {
    sent: [],
    answer: { kind: 'unknown', why: 'silence' },
    call: async (request) => {
      net.sent.push(request)
      return net.answer
    },
  }
  return net
}

export const replied = (body: Uint8Array | string, status = 200): NetReply => ({
  kind: 'replied',
  status,
  headers: {},
  body: Buffer.from(body),
})

/** Reads bytes as a notice that came by POST without headers. */
export const noticeReader = (channel: PaymentChannel) => (body: Uint8Array) =>
  channel.parseCallback({ method: 'POST', path: '/', headers: {}, body })

/** That one golden notice tells the order was paid, and another that its money came back that day. */
export function expectGoldenNotices(
  told: Readonly<Record<'paid' | 'returned', Callback | NoticeRefusal>>,
  { reference, amount }: PayOrder,
  back: Pick<PayoutReturned, 'flow' | 'code' | 'says'>,
): void {
  expect(told.paid).toMatchObject({
    kind: 'outcome',
    id: 'N1',
    direction: 'pay',
    reference,
    outcome: { result: 'succeeded', amount, currency: 'CNY' },
  })
  expect(told.returned).toEqual({
    kind: 'payout_returned',
    id: 'N2',
    returned: { reference, amount, currency: 'CNY', date: '20260302', ...back },
  })
}

const version = spawnSync('openssl', ['version']).stdout?.toString() ?? ''
const present = /^OpenSSL [3-9]\./.test(version)

/** Tests that need the openssl command line, with a folder of their own. CI must have it. */
export function describeWithOpenssl(title: string, tests: (folder: string) => void): void {
  if (!present && !process.env.CI) console.warn(`openssl 3 is not installed: not checked: ${title}`)
  test.runIf(process.env.CI)('openssl 3 is installed where CI runs', () => {
    expect(present).toBe(true)
  })
  describe.runIf(present)(title, () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-openssl-'))
    afterAll(() => rmSync(folder, { recursive: true, force: true }))
    tests(folder)
  })
}
