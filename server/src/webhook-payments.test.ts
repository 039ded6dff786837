/** A payment and what its merchant is told of it: ledger, outbox, delivery and receiver, all real. */
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payId, type TestPayments, testPayments } from '../testing/payments.ts'
import {
  type Caller,
  createDueSweeper,
  createOutboxRelay,
  createPersonalSeal,
  type Keyed,
  wallClock,
} from './base/index.ts'
import { createWebhooks } from './webhooks/index.ts'

let on: TestPayments
const received: { headers: http.IncomingHttpHeaders; body: string }[] = []
const receiver = http.createServer(async (request, reply) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  received.push({ headers: request.headers, body: Buffer.concat(parts).toString('utf8') })
  reply.end()
})

beforeAll(async () => {
  on = await testPayments()
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  receiver.closeAllConnections()
  receiver.close()
  await on.stop()
})

test('a payment is paid and its channel says so twice: the merchant hears of it once', async () => {
  const { world, ledger } = on
  const seal = createPersonalSeal({
    ...{ active: 'k', keys: new Map([['k', new Uint8Array(32)]]), index: new Uint8Array(32) },
  })
  const currencyOf = (book: number) => ledger.writer(book).book.currency
  const webhooks = createWebhooks({
    ...{ world, wall: wallClock(), seal, sandbox: true, currencyOf, orgName: () => 'org_0_x' },
  })
  const { port } = receiver.address() as AddressInfo
  const caller: Caller = {
    ...{ kind: 'user', id: 'usr_0_x', person: 'p', orgId: 1, permissions: new Set() },
    ...{ signed: false, from: '127.0.0.1' },
  }
  const keyed = { keyHash: 'a'.repeat(64) } as Keyed
  const made = await webhooks.endpoints.make(
    { url: `http://127.0.0.1:${port}/`, events: ['payment.*'], description: '', merchant: '' },
    keyed,
    { caller, requestId: 'req_x' },
  )
  if ('problem' in made) throw new Error(made.problem.detail)

  const wanted = on.wanted('told')
  const opened = await on.payments.openPayIn(wanted)
  if ('refused' in opened) throw new Error(opened.refused)
  const { reference } = opened.attempts[0]!
  on.rail.finish(reference)
  for (const _ of [1, 2]) await on.payments.takeCallback('rail', on.rail.callback(reference))

  const { db, clock, rng, log } = world
  const relay = createOutboxRelay({ db, clock, rng, log, subscribers: [webhooks.subscriber] })
  await relay.pump()
  await createDueSweeper({ db, clock, rng, log, handlers: webhooks.handlers }).sweepNow()
  await relay.stop()
  expect(received).toHaveLength(1)
  const { headers, body } = received[0]!
  const told = new Webhook(made.secret).verify(body, headers as Record<string, string>)
  expect(told).toMatchObject({
    type: 'payment.succeeded',
    data: {
      payment: payId(on.book, wanted.id),
      amount: { amount: '10000', currency: 'CNY' },
    },
  })
})
