/** Notices as a bank sends them: over HTTP, signed over their bytes, each refusal met once. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { createHttp, createMetrics, type Http } from '#base'
import { testWorld } from '../../testing/world.ts'
import { custodyBank } from './adapters/custody-bank/adapter.ts'
import { readPublicKey } from './adapters/custody-bank/signature.ts'
import type { NoticeTaken } from './desk.ts'
import { channelRoutes } from './http.ts'
import { CHANNEL_PROBLEMS } from './notice-refusals.ts'
import type { Notice } from './port.ts'

const PATH = '/v1/channels/custody-bank/notices'
const ours = generateKeyPairSync('rsa', { modulusLength: 2048 })
const bank = generateKeyPairSync('rsa', { modulusLength: 2048 })
const bankPublic = bank.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const world = testWorld()
const taken: Notice[] = []
let http: Http

const channel = custodyBank(
  {
    url: 'http://127.0.0.1:1',
    clientId: 'platform',
    mrchCode: '5236',
    poolNo: '15000100000001',
    privateKeyPem: ours.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    bankPublicKeyPem: bankPublic,
  },
  { net: world.net, rng: world.rng, clock: world.clock, wall: world.clock },
)

beforeAll(async () => {
  const { log, clock, rng, net } = world
  http = await createHttp({
    ...{ log, clock, rng, net, metrics: createMetrics() },
    refusals: CHANNEL_PROBLEMS,
    routes: channelRoutes({
      takeNotice: (name, request) => {
        if (name !== channel.name) return undefined
        const notice = channel.readNotice(request)
        if ('refused' in notice) return Promise.resolve({ taken: false, refusal: notice })
        taken.push(notice)
        return Promise.resolve({ taken: true, effect: 'booked' } satisfies NoticeTaken)
      },
    }),
  })
})

const INBOUND = {
  Event: 'InboundTransfer',
  NoticeId: '7',
  MrchCode: '5236',
  FundSummaryAcctNo: '15000100000001',
  TranAmt: '200000.00',
  FrontSeqNo: '2026030200000001',
  SubAcctNo: '3620000000000100',
  InAcctType: '02',
  AccountingDate: '20260302',
  Ccy: 'RMB',
}

interface Changes {
  readonly fields?: Record<string, unknown>
  readonly path?: string
  readonly late?: number
  /** Bytes that replace the signed ones. */
  readonly tamper?: (body: string) => string
  readonly headers?: Record<string, string>
}

async function send({ fields, path = PATH, late = 0, tamper, headers }: Changes = {}) {
  const body = JSON.stringify({ ...INBOUND, ...fields })
  const timestamp = String(world.clock.now() - late)
  const nonce = '0123456789abcdef'
  const { serial } = readPublicKey(bankPublic)
  const lines = ['POST', path, timestamp, nonce, 'custody-bank', serial]
  const bytes = Buffer.concat([
    Buffer.from(lines.map((line) => `${line}\n`).join('')),
    Buffer.from(body),
  ])
  const reply = await http.app.inject({
    method: 'POST',
    url: path,
    headers: {
      'content-type': 'application/json',
      'x-client-id': 'custody-bank',
      'x-key-serial': serial,
      'x-timestamp': timestamp,
      'x-nonce': nonce,
      'x-signature': sign('sha256', bytes, bank.privateKey).toString('base64'),
      ...headers,
    },
    payload: tamper?.(body) ?? body,
  })
  return { status: reply.statusCode, body: reply.json() as Record<string, unknown> }
}

it('takes a notice as the bank signed it, byte for byte', async () => {
  taken.length = 0
  expect(await send()).toEqual({ status: 200, body: { status: 'taken' } })
  expect(taken).toMatchObject([
    { kind: 'inbound', inbound: { amount: 20_000_000n, kind: 'credited' } },
  ])
})

it.each([
  ['channel_not_found', 404, { path: '/v1/channels/other-bank/notices' }],
  ['notice_forged', 401, { tamper: (body: string) => body.replace('200000.00', '900000.00') }],
  ['notice_forged', 401, { tamper: (body: string) => body.replace(',', ', ') }],
  ['notice_forged', 401, { headers: { 'x-signature': '' } }],
  ['notice_forged', 401, { headers: { 'x-nonce': 'fedcba9876543210' } }],
  ['notice_stale', 401, { late: 300_001 }],
  ['notice_malformed', 422, { fields: { TranAmt: '200000' } }],
  ['notice_malformed', 422, { fields: { SubAcctNo: undefined } }],
  ['notice_other_pool', 422, { fields: { FundSummaryAcctNo: '15000100000002' } }],
  ['notice_unknown_event', 422, { fields: { Event: 'BankHoliday' } }],
] as const)('answers %s with %d', async (code, status, changes: Changes) => {
  taken.length = 0
  expect(await send(changes)).toMatchObject({ status, body: { code, status } })
  expect(taken).toEqual([])
})
