/** Forged, stale and repeated requests are refused before anything is read; replies and files are signed. */
import { createHash, sign } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newKeys, type SignedRequest, signRequest } from './testing/client.ts'
import { type Fixture, moves, openMember, startFixture } from './testing/fixture.ts'

let fixture: Fixture
let good: (changes?: Parameters<typeof signRequest>[4]) => SignedRequest
beforeAll(async () => {
  fixture = await startFixture()
  good = (changes) => {
    const { path, body } = fixture.client.prepare('6011', 'SupAcctIdBalanceQuery', {})
    return signRequest(fixture.keys, 'POST', path, body, changes)
  }
})
afterAll(() => fixture.close())

const without = (request: SignedRequest, name: string): SignedRequest => {
  const { [name]: _, ...headers } = request.headers
  return { ...request, headers }
}
const withHeader = (request: SignedRequest, name: string, value: string): SignedRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
})
const ago = (ms: number) => String(Date.now() - ms)

const FORGED: [what: string, code: string, make: () => SignedRequest][] = [
  ['no signature', 'ERR001', () => without(good(), 'x-signature')],
  ['no nonce', 'ERR001', () => without(good(), 'x-nonce')],
  ['no timestamp', 'ERR001', () => without(good(), 'x-timestamp')],
  ['no serial', 'ERR001', () => without(good(), 'x-key-serial')],
  ['no client', 'ERR001', () => without(good(), 'x-client-id')],
  ['signature not base64', 'ERR001', () => withHeader(good(), 'x-signature', '!!!!')],
  [
    'signature of another request',
    'ERR001',
    () => withHeader(good(), 'x-signature', good().headers['x-signature']!),
  ],
  ['another client', 'ERR001', () => good({ clientId: 'somebody' })],
  [
    'another key under our serial',
    'ERR001',
    () => {
      const { path, body } = good()
      return signRequest({ ...newKeys(), serial: fixture.keys.serial }, 'POST', path, body)
    },
  ],
  [
    'another key',
    'ERR001',
    () => {
      const { path, body } = good()
      return signRequest(newKeys(), 'POST', path, body)
    },
  ],
  [
    'one byte of the body changed',
    'ERR001',
    () => {
      const request = good()
      const body = Buffer.from(request.body.toString().replace('5236', '5237'))
      return { ...request, body }
    },
  ],
  [
    'a space added to the body',
    'ERR001',
    () => {
      const request = good()
      return { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) }
    },
  ],
  ['another path', 'ERR001', () => ({ ...good(), path: '/group/QueryCustAcctId' })],
  [
    'a query added to the path',
    'ERR001',
    () => ({ ...good(), path: '/group/SupAcctIdBalanceQuery?x=1' }),
  ],
  ['another timestamp', 'ERR001', () => withHeader(good(), 'x-timestamp', ago(1000))],
  ['another nonce', 'ERR001', () => withHeader(good(), 'x-nonce', 'f'.repeat(24))],
  [
    'a hash signed instead of the text',
    'ERR001',
    () => {
      const request = good()
      const digest = createHash('sha256').update(request.body).digest()
      const signature = sign('RSA-SHA256', digest, fixture.keys.privateKey).toString('base64')
      return withHeader(request, 'x-signature', signature)
    },
  ],
  ['a nonce too short', 'ERR001', () => good({ nonce: 'abc' })],
  ['a timestamp in seconds', 'ERR001', () => good({ timestamp: ago(0).slice(0, 10) })],
  ['five minutes old', 'ERR002', () => good({ timestamp: ago(301_000) })],
  ['five minutes ahead', 'ERR002', () => good({ timestamp: ago(-302_000) })],
]

test.each(FORGED)('%s is refused', async (_, code, make) => {
  const reply = await fixture.client.raw(make())
  expect(reply.status).toBe(401)
  expect(reply.json().TxnReturnCode).toBe(code)
})

test('what is signed right is answered, once per nonce', async () => {
  const request = good()
  expect((await fixture.client.raw(request)).json().TxnReturnCode).toBe('000000')
  const again = await fixture.client.raw(request)
  expect([again.status, again.json().TxnReturnCode]).toEqual([401, 'ERR003'])
  expect((await fixture.client.raw(good({ timestamp: ago(290_000) }))).status).toBe(200)
})

test('a forged request leaves no trace: its number is free', async () => {
  const ann = await openMember(fixture.client, 'ANN', '安')
  const bank = moves(fixture.client)
  await bank.payIn(ann, '10.00')
  const fields = {
    ...{ FunctionFlag: '1', SubAcctNo: ann.subAcctNo, TranNetMemberCode: 'ANN', TranAmt: '10.00' },
    ...{ Ccy: 'RMB', OrderNo: 'F' },
  }
  const request = fixture.client.prepare('6007', 'MembershipTrancheFreeze', fields)
  const forged = Buffer.from(request.body.toString().replace('10.00', '1.00'))
  expect((await fixture.client.raw({ ...request, body: forged })).status).toBe(401)
  expect(await bank.balances('ANN')).toEqual(['10.00', '10.00', '0.00'])
  expect((await fixture.client.raw(request)).json().TxnReturnCode).toBe('000000')
  expect(await bank.balances('ANN')).toEqual(['0.00', '0.00', '10.00'])
})

test('a statement file needs a signature too', async () => {
  const request = signRequest(newKeys(), 'GET', '/files/x.txt?DrawCode=1', Buffer.alloc(0))
  expect((await fixture.client.raw(request)).status).toBe(401)
})

test('the admin side refuses mistakes with a sentence', async () => {
  const post = async (path: string, body: object) => {
    const reply = await fetch(`${fixture.bank.url}/admin${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    return [reply.status, ((await reply.json()) as { error?: string }).error]
  }
  expect(await post('/faults', { fault: 'nonsense' })).toEqual([
    400,
    expect.stringContaining('timeout-before'),
  ])
  expect(await post('/faults', { fault: 'refusal', operation: '1' })).toEqual([
    400,
    expect.stringContaining('"6033"'),
  ])
  expect(await post('/faults', { fault: 'lost-notice', operation: '6033' })).toEqual([
    400,
    'lost-notice takes no operation: it acts on every notice',
  ])
  expect(await post('/faults', { fault: 'refusal', count: 0 })).toEqual([
    400,
    'count must be a whole number of at least 1',
  ])
  expect(await post('/clock', { now: 'noon' })).toEqual([
    400,
    expect.stringContaining('2026-03-02T'),
  ])
  expect(await post('/settings', { withdrawalMs: -1 })).toEqual([
    400,
    'withdrawalMs has no such value',
  ])
  expect(await post('/settings', { nonsense: 1 })).toEqual([400, 'there is no setting nonsense'])
  expect(await post('/inbound', { to: '1', amount: '1' })).toEqual([
    400,
    expect.stringContaining('200000.00'),
  ])
})

test('the clock does not go behind what is booked', async () => {
  const early = fixture.bank.admin.setClock(Date.parse('2026-03-01T00:00:00+08:00'))
  await expect(early).rejects.toThrow('the bank has booked until 2026-03-02T01:00:00.000Z')
})
