/**
 * The adapter at the wire: golden bytes signed by an independent computation, what each reply is
 * worth, and what a forged or broken one is worth.
 */
import { constants, createHash, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpNet, Personal, seededRng } from '#base'
import { type ChannelCall, ChannelUnavailable, type CustodyChannel } from '../../port.ts'
import { custodyBank, referenceOf } from './adapter.ts'
import { REFUSALS } from './status.ts'

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = (key: typeof publicKey) => key.export({ type: 'spki', format: 'pem' }).toString()
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return {
    privateKey,
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: pem(publicKey),
    serial: createHash('sha256').update(der).digest('hex').slice(0, 16),
  }
}
const ours = pair()
const bank = pair()
const stranger = pair()

/** 2026-03-02 09:00:00 in Shanghai. */
const NOW = Date.UTC(2026, 2, 2, 1)
const clock = { now: () => NOW, mono: () => 0 }

/** RSA PKCS#1 v1.5 over SHA-256 by hand: the DigestInfo of RFC 8017 section 9.2 and a raw RSA. */
function signByHand(lines: string[], body: Buffer, key = ours): string {
  const text = Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('')), body])
  const digest = createHash('sha256').update(text).digest()
  const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest])
  return privateEncrypt(
    { key: key.privateKey, padding: constants.RSA_PKCS1_PADDING },
    info,
  ).toString('base64')
}

interface Seen {
  path: string
  headers: IncomingMessage['headers']
  body: Buffer
}

/** A bank of a few lines: keeps what came and answers what the test says. */
let answer: (seen: Seen) => { status?: number; body: string; key?: typeof bank; headers?: object } =
  () => ({
    body: '{}',
  })
const seen: Seen[] = []
const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const came = { path: request.url!, headers: request.headers, body: Buffer.concat(parts) }
    seen.push(came)
    const { status = 200, body, key = bank, headers = {} } = answer(came)
    const nonce = 'a'.repeat(32)
    const lines = [String(status), String(came.headers['x-nonce']), String(NOW), nonce, key.serial]
    const bytes = Buffer.from(body)
    const text = Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('')), bytes])
    response.writeHead(status, {
      'x-key-serial': key.serial,
      'x-timestamp': String(NOW),
      'x-nonce': nonce,
      'x-signature': sign('sha256', text, key.privateKey).toString('base64'),
      ...headers,
    })
    response.end(bytes)
  })
})
let channel: CustodyChannel
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  channel = custodyBank(
    {
      url: `http://127.0.0.1:${port}`,
      clientId: 'platform',
      mrchCode: '5236',
      poolNo: '15000100000001',
      privateKeyPem: ours.pem,
      bankPublicKeyPem: bank.publicPem,
    },
    { net: httpNet({ clock }), rng: seededRng(7), clock, wall: clock },
  )
})
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())))

const name = new Personal('name', '李秀英')
const who = {
  member: 'c0ffee00c0ffee00c0ffee00c0ffee00',
  kind: 'person' as const,
  name,
  idNumber: new Personal('id_number', '440524188001010014'),
  mobile: new Personal('phone', '13800003456'),
}
const { member } = who
const subAccount = '3620000000001002'
const account = new Personal('card', '6222600260001072444')

const CALLS: readonly ChannelCall[] = [
  { operation: 'open_sub_account', ...who },
  { operation: 'bind_account', ...who, account, bank: '交通银行北京分行' },
  { operation: 'freeze', member, subAccount, amount: 20_000_000n, order: 'order-1' },
  { operation: 'unfreeze', member, subAccount, amount: 5n, order: 'order-1' },
  {
    operation: 'pay',
    member,
    subAccount,
    order: 'order-2',
    legs: [
      { line: 'order-200', member, subAccount: '3620000000001003', amount: 231_200_000n },
      { line: 'order-201', member, subAccount: '3620000000001004', amount: 6_800_000n },
    ],
  },
  {
    operation: 'withdraw',
    member,
    subAccount,
    name,
    account,
    amount: 231_200_000n,
    memo: 'resale-home-0001',
  },
]

const reference = referenceOf(12, 'an instruction')
const ok = (fields: object = {}) =>
  JSON.stringify({ TxnReturnCode: '000000', TxnReturnMsg: 'ok', CnsmrSeqNo: reference, ...fields })
const perform = (call: ChannelCall) => channel.perform(call, { reference, sendBeforeMono: 1 })

describe('golden wire bytes', () => {
  test.each(CALLS)('$operation', async (call) => {
    answer = () => ({ body: ok({ SubAcctNo: subAccount, ReservedMsg: '9555000000001002' }) })
    await perform(call)
    const { path, body, headers } = seen.at(-1)!
    const golden = new URL(`./fixtures/${call.operation}.txt`, import.meta.url)
    expect(`POST ${path}\n${body.toString()}\n`).toBe(readFileSync(golden, 'utf8'))
    const nonce = String(headers['x-nonce'])
    const lines = ['POST', path, String(NOW), nonce, 'platform', ours.serial]
    expect(headers['x-signature']).toBe(signByHand(lines, body))
    expect(headers['x-key-serial']).toBe(ours.serial)
    expect(headers['x-timestamp']).toBe(String(NOW))
  })

  test('every nonce is another', () => {
    const nonces = seen.map(({ headers }) => headers['x-nonce'])
    expect(new Set(nonces).size).toBe(nonces.length)
  })
})

describe('what a reply is worth', () => {
  const [open, bind, freeze, , pay, withdraw] = CALLS as [
    ChannelCall,
    ChannelCall,
    ChannelCall,
    ChannelCall,
    ChannelCall,
    ChannelCall,
  ]
  const code = (text: string) => ok({ TxnReturnCode: text })
  const cases: [string, ChannelCall, ReturnType<typeof answer>, string, string][] = [
    ['opened', open, { body: ok({ SubAcctNo: '1' }) }, 'succeeded', '000000'],
    ['opened without a number', open, { body: ok() }, 'unknown', 'NOT_READABLE'],
    ['bound', bind, { body: ok() }, 'succeeded', '000000'],
    ['a freeze taken', freeze, { body: ok() }, 'accepted', '000000'],
    ['a payment taken', pay, { body: ok() }, 'accepted', '000000'],
    ['a withdrawal taken', withdraw, { body: ok() }, 'accepted', '000000'],
    ['five zeros', withdraw, { body: code('00000') }, 'unknown', '00000'],
    ['a code in no table', withdraw, { body: code('ERR777') }, 'unknown', 'ERR777'],
    ['an order seen before', pay, { body: code('ERR040') }, 'unknown', 'ERR040'],
    ['a reference of other content', pay, { body: code('ERR020') }, 'unknown', 'ERR020'],
    ['a member that exists', open, { body: code('Err114') }, 'unknown', 'Err114'],
    [
      'another reference',
      pay,
      { body: ok({ CnsmrSeqNo: 'X'.repeat(22) }) },
      'unknown',
      'OTHER_REFERENCE',
    ],
    ['no code', pay, { body: '{}' }, 'unknown', 'NOT_READABLE'],
    ['not JSON', pay, { body: '<html>' }, 'unknown', 'NOT_READABLE'],
    ['a list', pay, { body: '[]' }, 'unknown', 'NOT_READABLE'],
    ['HTTP 500', pay, { status: 500, body: ok() }, 'unknown', 'HTTP_500'],
    ['HTTP 302', pay, { status: 302, body: ok() }, 'unknown', 'HTTP_302'],
    ['signed by a stranger', pay, { body: ok(), key: stranger }, 'unknown', 'BAD_SIGNATURE'],
    [
      'signed with another serial',
      pay,
      { body: ok(), headers: { 'x-key-serial': ours.serial } },
      'unknown',
      'BAD_SIGNATURE',
    ],
    [
      'signed an hour later than said',
      pay,
      { body: ok(), headers: { 'x-timestamp': '1' } },
      'unknown',
      'BAD_SIGNATURE',
    ],
    ['not signed', pay, { body: ok(), headers: { 'x-signature': '' } }, 'unknown', 'BAD_SIGNATURE'],
  ]
  test.each(cases)('%s', async (_, call, reply, result, wanted) => {
    answer = () => reply
    expect(await perform(call)).toMatchObject({ result, code: wanted })
  })

  test.each([...REFUSALS.keys()])('%s says that the bank did not act', async (refusal) => {
    answer = () => ({ body: code(refusal) })
    expect(await perform(pay)).toMatchObject({ result: 'failed', code: refusal })
  })

  test('past its time nothing is sent', async () => {
    const before = seen.length
    const outcome = await channel.perform(pay, { reference, sendBeforeMono: 0 })
    expect(outcome.result).toBe('not_sent')
    expect(seen).toHaveLength(before)
  })

  /** The bank's reply to a question, which has a number of its own. */
  const told = (fields: object) => (came: Seen) => {
    const { CnsmrSeqNo } = JSON.parse(came.body.toString()) as { CnsmrSeqNo: string }
    return { body: ok({ CnsmrSeqNo, ...fields }) }
  }
  const questions: [string, object, string][] = [
    ['done', { TranStatus: '0', TranAmt: '2380000.00' }, 'succeeded'],
    ['failed', { TranStatus: '1', TranAmt: '2380000.00' }, 'failed'],
    ['to be confirmed', { TranStatus: '2', TranAmt: '2380000.00' }, 'accepted'],
    ['a status nobody knows', { TranStatus: '9', TranAmt: '2380000.00' }, 'unknown'],
    ['done with a fen less', { TranStatus: '0', TranAmt: '2379999.99' }, 'unknown'],
    ['done without an amount', { TranStatus: '0' }, 'unknown'],
    ['no such flow', { TxnReturnCode: 'ERR070' }, 'not_found'],
    ['refused for another reason', { TxnReturnCode: 'ERR010' }, 'unknown'],
  ]
  test.each(questions)('a question answered: %s', async (_, fields, result) => {
    answer = told(fields)
    expect(await channel.ask(pay, reference)).toMatchObject({ result })
    expect(JSON.parse(seen.at(-1)!.body.toString())).toMatchObject({
      FunctionFlag: '2',
      TranNetSeqNo: reference,
    })
  })

  test.each([
    ['no list', undefined],
    ['a text', 'rows'],
    ['a row that is nothing', [null]],
    ['a row that is a number', [1]],
  ])('a list that holds %s is asked for again, and a file it names is refused', async (_, rows) => {
    answer = told({ EndFlag: '1', TranItemArray: rows })
    await expect(channel.listInbound('20260301', '20260302')).rejects.toThrow(ChannelUnavailable)
    const file = await channel.statement('pay_ins', '20260302')
    expect(file).toEqual({ problem: 'refused', says: 'the bank names no file' })
  })
})

describe('references', () => {
  test('are 22 letters or digits and carry the book', () => {
    for (const book of [1, 12, 46_655, 999_999_999]) {
      const text = referenceOf(book, 'x')
      expect(text).toMatch(/^TENON0[0-9A-Z]{16}$/)
      expect(channel.bookOf(text)).toBe(book)
    }
    expect(channel.bookOf('TENON1'.padEnd(22, '0'))).toBeUndefined()
  })

  test('differ between instructions', () => {
    const all = Array.from({ length: 5_000 }, (_, i) => referenceOf(1, `instruction ${i}`))
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('notices', () => {
  const path = '/v1/channels/custody-bank/notices'
  const facts = {
    NoticeId: '17',
    Event: 'InboundTransfer',
    MrchCode: '5236',
    FundSummaryAcctNo: '15000100000001',
    InAcctType: '02',
    TranNetMemberCode: member,
    SubAcctNo: subAccount,
    TranAmt: '200000.00',
    InAcctNo: '6216261000000000018',
    InAcctName: '王小明',
    Ccy: 'RMB',
    AccountingDate: '20260302',
    Remark: 'resale-home-0001',
    FrontSeqNo: '2026030200000001',
  }
  const notice = (
    change: {
      fields?: object
      key?: typeof bank
      client?: string
      at?: number
      headers?: Record<string, string | undefined>
      sent?: (body: Buffer) => Buffer
      path?: string
    } = {},
  ) => {
    const key = change.key ?? bank
    const client = change.client ?? 'custody-bank'
    const body = Buffer.from(JSON.stringify({ ...facts, ...change.fields }))
    const nonce = 'n'.repeat(20)
    const at = String(change.at ?? NOW)
    const signature = signByHand(['POST', path, at, nonce, client, key.serial], body, key)
    const headers = {
      'x-client-id': client,
      'x-key-serial': key.serial,
      'x-timestamp': at,
      'x-nonce': nonce,
      'x-signature': signature,
      ...change.headers,
    }
    const sent = change.sent?.(body) ?? body
    return channel.readNotice({ method: 'POST', path: change.path ?? path, headers, body: sent })
  }

  test('are read', () => {
    expect(notice()).toMatchObject({
      kind: 'inbound',
      inbound: { flow: '2026030200000001', amount: 20_000_000n, kind: 'credited', subAccount },
    })
    const back = { Event: 'WithdrawReturned', OldMarketSeqNo: reference }
    expect(notice({ fields: back })).toMatchObject({
      inbound: { kind: 'returned', returnOf: reference },
    })
    const paid = { Event: 'WithdrawResult', TranNetSeqNo: reference, TranStatus: '0', FailMsg: '' }
    expect(notice({ fields: paid })).toMatchObject({
      kind: 'outcome',
      reference,
      outcome: { result: 'succeeded', amount: 20_000_000n },
    })
  })

  const spaced = (body: Buffer) => Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1))
  const richer = (body: Buffer) => Buffer.from(body.toString().replace('200000.00', '900000.00'))
  const turnedAway: [string, Parameters<typeof notice>[0], string][] = [
    ['signed by a stranger', { key: stranger }, 'forged'],
    ['signed by ourselves', { key: ours }, 'forged'],
    [
      'a stranger under the bank’s serial',
      { key: stranger, headers: { 'x-key-serial': bank.serial } },
      'forged',
    ],
    ['another client', { client: 'platform' }, 'forged'],
    ['no signature', { headers: { 'x-signature': undefined } }, 'forged'],
    ['an empty signature', { headers: { 'x-signature': '' } }, 'forged'],
    ['a signature that is not base64', { headers: { 'x-signature': '!!!!' } }, 'forged'],
    ['two signatures in one header', { headers: { 'x-signature': 'AAAA, BBBB' } }, 'forged'],
    ['no timestamp', { headers: { 'x-timestamp': undefined } }, 'forged'],
    ['another timestamp than signed', { headers: { 'x-timestamp': String(NOW + 1) } }, 'forged'],
    ['a timestamp in seconds', { headers: { 'x-timestamp': '1772413200' } }, 'forged'],
    ['another nonce than signed', { headers: { 'x-nonce': 'm'.repeat(20) } }, 'forged'],
    ['no nonce', { headers: { 'x-nonce': undefined } }, 'forged'],
    ['another path than signed', { path: '/v1/channels/other/notices' }, 'forged'],
    ['a query added to the path', { path: `${path}?a=1` }, 'forged'],
    ['an amount changed after signing', { sent: richer }, 'forged'],
    ['printed again after signing', { sent: spaced }, 'forged'],
    ['a byte added', { sent: (body) => Buffer.concat([body, Buffer.from(' ')]) }, 'forged'],
    ['a body cut off', { sent: (body) => body.subarray(0, -1) }, 'forged'],
    ['no body', { sent: () => Buffer.alloc(0) }, 'forged'],
    ['signed six minutes ago', { at: NOW - 360_000 }, 'stale'],
    ['signed six minutes ahead', { at: NOW + 360_000 }, 'stale'],
    ['another merchant', { fields: { MrchCode: '9999' } }, 'other_pool'],
    ['another pool', { fields: { FundSummaryAcctNo: '1' } }, 'other_pool'],
    ['an event nobody knows', { fields: { Event: 'Gift' } }, 'unknown_event'],
    ['no amount', { fields: { TranAmt: undefined } }, 'malformed'],
    ['an amount in fen', { fields: { TranAmt: '20000000' } }, 'malformed'],
    ['an amount as number', { fields: { TranAmt: 200_000 } }, 'malformed'],
    ['a negative amount', { fields: { TranAmt: '-200000.00' } }, 'malformed'],
    ['nothing paid in', { fields: { TranAmt: '0.00' } }, 'malformed'],
    ['full-width digits', { fields: { TranAmt: '２０.00' } }, 'malformed'],
    ['no flow', { fields: { FrontSeqNo: '' } }, 'malformed'],
    ['a flow with a quote', { fields: { FrontSeqNo: "1'--" } }, 'malformed'],
    ['a date that is none', { fields: { AccountingDate: '2026-03-02' } }, 'malformed'],
    ['no notice number', { fields: { NoticeId: undefined } }, 'malformed'],
  ]
  test.each(turnedAway)('turned away: %s', (_, change, refused) => {
    expect(notice(change)).toMatchObject({ refused })
  })
})
