/** Every fault, by its name: what the client sees, and what the book says. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { FAULTS, type FaultName } from './faults.ts'
import type { Json } from './testing/client.ts'
import {
  type Fixture,
  type Member,
  MONDAY,
  type Moves,
  moves,
  openMember,
  startFixture,
} from './testing/fixture.ts'

let fixture: Fixture
let bank: Moves
let ann: Member
let number = 0
const next = () => {
  number += 1
  return `ORDER${number}`
}
const tested = new Set<string>()
const arm = (fault: FaultName, more: Json = {}) => {
  tested.add(fault)
  return fixture.bank.admin.arm({ fault, ...more })
}
let at = MONDAY
/** Moves the bank's clock on. */
const later = async (ms: number) => {
  at += ms
  await fixture.bank.admin.setClock(at)
}
const seen = () => fixture.notices.seen
const DAY = 86_400_000

beforeAll(async () => {
  fixture = await startFixture()
  bank = moves(fixture.client)
  ann = await openMember(fixture.client, 'ANN', '安')
  await bank.payIn(ann, '1000000.00')
  await fixture.bank.admin.idle()
})
afterEach(async () => {
  fixture.bank.admin.disarm()
  await fixture.bank.admin.idle()
  expect(fixture.errors).toEqual([])
})
afterAll(() => fixture.close())

/** A freeze of one yuan under a fresh order: its number, and how to ask and to send. */
function freezeOnce() {
  const order = next()
  const seq = fixture.client.nextSeq()
  const request = () =>
    fixture.client.prepare('6007', 'MembershipTrancheFreeze', {
      ...{ FunctionFlag: '1', SubAcctNo: ann.subAcctNo, TranNetMemberCode: 'ANN', TranAmt: '1.00' },
      ...{ Ccy: 'RMB', OrderNo: order, CnsmrSeqNo: seq },
    })
  return {
    send: (timeoutMs = 10_000) => fixture.client.raw(request(), { timeoutMs }),
    status: async () => {
      const { TxnReturnCode, TranStatus } = await bank.status('2', seq)
      return TxnReturnCode === '000000' ? TranStatus : TxnReturnCode
    },
    seq,
  }
}
const frozen = async () => (await bank.balances('ANN'))[2]
const plus = (yuan: string, cents: bigint) => {
  const sum = BigInt(yuan.replace('.', '')) + cents
  return `${sum / 100n}.${String(sum % 100n).padStart(2, '0')}`
}

test('timeout-before: no reply, nothing done, and sending again acts', async () => {
  const before = await frozen()
  arm('timeout-before', { operation: '6007' })
  const freeze = freezeOnce()
  await expect(freeze.send(300)).rejects.toThrow(/timeout|aborted/i)
  expect(await frozen()).toBe(before)
  expect(await freeze.status()).toBe('ERR070')
  expect((await freeze.send()).json().TxnReturnCode).toBe('000000')
  expect(await frozen()).toBe(plus(before, 100n))
})

test('timeout-after: no reply, but done; the query tells, and sending again does not act twice', async () => {
  const before = await frozen()
  arm('timeout-after')
  const freeze = freezeOnce()
  await expect(freeze.send(1000)).rejects.toThrow(/timeout|aborted/i)
  expect(await freeze.status()).toBe('0')
  expect((await freeze.send()).json().TxnReturnCode).toBe('000000')
  expect(await frozen()).toBe(plus(before, 100n))
})

test('a hanging connection is cut after `ms`', async () => {
  arm('timeout-after', { ms: 20 })
  await expect(freezeOnce().send()).rejects.toThrow(/fetch failed/)
})

test('late-reply: the reply comes, late', async () => {
  arm('late-reply', { ms: 400 })
  const freeze = freezeOnce()
  const reply = freeze.send()
  const first = await Promise.race([reply.then(() => 'reply'), waitFor(() => freeze.status(), '0')])
  expect(first).toBe('0')
  expect((await reply).json().TxnReturnCode).toBe('000000')
})

/** Asks until the answer is `wanted`. */
async function waitFor<T>(ask: () => Promise<T>, wanted: T): Promise<T> {
  for (;;) if ((await ask()) === wanted) return wanted
}

test('refusal: refused for good, under this number', async () => {
  const before = await frozen()
  arm('refusal')
  const freeze = freezeOnce()
  expect((await freeze.send()).json().TxnReturnCode).toBe('ERR090')
  expect((await freeze.send()).json().TxnReturnCode).toBe('ERR090')
  expect(await freeze.status()).toBe('1')
  expect(await frozen()).toBe(before)
})

test('unknown-code: done or not, the code does not say', async () => {
  arm('unknown-code')
  const done = freezeOnce()
  expect((await done.send()).json().TxnReturnCode).toBe('ERR777')
  expect(await done.status()).toBe('0')
  arm('unknown-code', { acted: false })
  const undone = freezeOnce()
  expect((await undone.send()).json().TxnReturnCode).toBe('ERR777')
  expect(await undone.status()).toBe('ERR070')
})

test('server-error: before acting or after', async () => {
  arm('server-error', { when: 'before' })
  const undone = freezeOnce()
  expect((await undone.send()).status).toBe(500)
  expect(await undone.status()).toBe('ERR070')
  arm('server-error')
  const done = freezeOnce()
  expect((await done.send()).status).toBe(500)
  expect(await done.status()).toBe('0')
})

test('not-found-then-success: the flow is there, the query denies it twice', async () => {
  const freeze = freezeOnce()
  await freeze.send()
  arm('not-found-then-success')
  expect([await freeze.status(), await freeze.status(), await freeze.status()]).toEqual([
    'ERR070',
    'ERR070',
    '0',
  ])
})

test('withdrawal-fails: accepted, then failed, and the money is back', async () => {
  const [before] = await bank.balances('ANN')
  arm('withdrawal-fails')
  const seq = fixture.client.nextSeq()
  expect((await bank.withdraw(ann, '10.00', { CnsmrSeqNo: seq })).TxnReturnCode).toBe('000000')
  expect((await bank.balances('ANN'))[0]).toBe(plus(before, -1000n))
  await later(1000)
  expect(await bank.status('3', seq)).toMatchObject({
    TranStatus: '1',
    FailMsg: '收款账户状态异常',
  })
  expect((await bank.balances('ANN'))[0]).toBe(before)
  expect(seen().at(-1)).toMatchObject({
    Event: 'WithdrawResult',
    TranStatus: '1',
    TranNetSeqNo: seq,
  })
})

test('withdrawal-returned: paid, and back the next business morning', async () => {
  const pool = await bank.pool()
  arm('withdrawal-returned')
  const seq = fixture.client.nextSeq()
  await bank.withdraw(ann, '10.00', { CnsmrSeqNo: seq })
  await later(1000)
  expect(await bank.pool()).toBe(plus(pool, -1000n))
  await later(DAY)
  expect(await bank.pool()).toBe(pool)
  expect(await bank.status('3', seq)).toMatchObject({ TranStatus: '0' })
  expect(seen().at(-1)).toMatchObject({
    Event: 'WithdrawReturned',
    OldMarketSeqNo: seq,
    TranAmt: '10.00',
  })
})

test.each([
  ['under-pay', '99.00'],
  ['over-pay', '101.00'],
] as const)('%s: the payer transfers another amount', async (fault, comes) => {
  const pool = await bank.pool()
  arm(fault)
  await bank.payIn(ann, '100.00')
  await fixture.bank.admin.idle()
  expect(await bank.pool()).toBe(plus(pool, BigInt(comes.replace('.', ''))))
  expect(seen().at(-1)).toMatchObject({ Event: 'InboundTransfer', TranAmt: comes })
})

test('duplicate-inbound: booked twice, under two flow numbers', async () => {
  const pool = await bank.pool()
  const count = seen().length
  arm('duplicate-inbound')
  await bank.payIn(ann, '100.00')
  await fixture.bank.admin.idle()
  expect(await bank.pool()).toBe(plus(pool, 20_000n))
  const flows = seen()
    .slice(count)
    .map(({ FrontSeqNo }) => FrontSeqNo)
  expect(new Set(flows).size).toBe(2)
})

test('duplicate-notice: the same notice three times', async () => {
  const count = seen().length
  arm('duplicate-notice')
  await bank.payIn(ann, '100.00')
  await fixture.bank.admin.idle()
  const ids = seen()
    .slice(count)
    .map(({ NoticeId }) => NoticeId)
  expect([ids.length, new Set(ids).size]).toEqual([3, 1])
})

test('late-notice: ten minutes of bank time', async () => {
  const count = seen().length
  arm('late-notice')
  await bank.payIn(ann, '100.00')
  await later(599_999)
  expect(seen().length).toBe(count)
  await later(1)
  expect(seen().length).toBe(count + 1)
})

test('lost-notice: never sent, but the list has it', async () => {
  const count = seen().length
  arm('lost-notice')
  const { WitnessSysSeqNo } = await bank.payIn(ann, '100.00')
  await later(2 * DAY)
  expect(seen().length).toBe(count)
  const list = await fixture.client.call('6050', 'CommonTransferRechargeQuery', {
    ...{ FunctionFlag: '0', StartDate: '20260301', EndDate: '20260401', PageNum: '1' },
  })
  const flows = (list.TranItemArray as Record<string, string>[]).map(({ FrontSeqNo }) => FrontSeqNo)
  expect(flows).toContain(WitnessSysSeqNo)
})

test('wrong-amount-in-notice: the book knows better', async () => {
  const pool = await bank.pool()
  arm('wrong-amount-in-notice')
  await bank.payIn(ann, '100.00')
  await fixture.bank.admin.idle()
  expect(seen().at(-1)?.TranAmt).toBe('101.00')
  expect(await bank.pool()).toBe(plus(pool, 10_000n))
})

test('out-of-order-notices: the second comes first', async () => {
  const count = seen().length
  arm('out-of-order-notices')
  await bank.payIn(ann, '1.11')
  await bank.payIn(ann, '2.22')
  await fixture.bank.admin.idle()
  expect(
    seen()
      .slice(count)
      .map(({ TranAmt }) => TranAmt),
  ).toEqual(['2.22', '1.11'])
  // With none to follow, it goes by itself.
  arm('out-of-order-notices')
  await bank.payIn(ann, '3.33')
  await later(600_000)
  expect(seen().at(-1)?.TranAmt).toBe('3.33')
  await bank.payIn(ann, '4.44')
  await fixture.bank.admin.idle()
  expect(
    seen()
      .slice(count)
      .map(({ TranAmt }) => TranAmt),
  ).toEqual(['2.22', '1.11', '3.33', '4.44'])
})

test('statement-late: not ready once, then ready', async () => {
  arm('statement-late')
  await expect(bank.statement('CZ', '20260302')).rejects.toThrow()
  expect(await bank.statement('CZ', '20260302')).toMatch(/^CZ&20260302&/)
})

test('statement-truncated: fewer bytes than the first line announces rows for', async () => {
  const whole = await bank.statement('YE', '20260302')
  arm('statement-truncated')
  const cut = await bank.statement('YE', '20260302')
  expect(cut.length).toBeLessThan(whole.length)
  const [head, ...rows] = cut.split('\n')
  expect(rows.filter((row) => row.endsWith('&')).length).toBeLessThan(Number(head!.split('&')[2]))
  expect(await bank.statement('YE', '20260302')).toBe(whole)
})

test('count, after, operation and always say when a fault strikes', async () => {
  const { admin } = fixture.bank
  const codes = async (times: number) => {
    const all: string[] = []
    for (let i = 0; i < times; i += 1)
      all.push(String((await freezeOnce().send()).json().TxnReturnCode))
    return all
  }
  arm('refusal', { operation: '6007', after: 1, count: 2 })
  expect(await codes(4)).toEqual(['000000', 'ERR090', 'ERR090', '000000'])
  arm('refusal', { operation: '6033', count: 'always' })
  expect(await codes(1)).toEqual(['000000'])
  const always = arm('refusal', { count: 'always' })
  expect(await codes(3)).toEqual(['ERR090', 'ERR090', 'ERR090'])
  expect(admin.armed().map(({ hits }) => hits)).toEqual([2, 0, 3])
  expect(admin.disarm(always.id)).toBe(1)
  expect(await codes(1)).toEqual(['000000'])
  // A query is hit only when it is named.
  arm('refusal', { count: 'always' })
  expect((await fixture.client.call('6011', 'SupAcctIdBalanceQuery', {})).TxnReturnCode).toBe(
    '000000',
  )
})

test('a notice is sent again until the platform takes it, and given up in the end', async () => {
  const { admin } = fixture.bank
  const count = seen().length
  fixture.notices.fail(2)
  await bank.payIn(ann, '5.00')
  await admin.idle()
  expect(seen().length).toBe(count + 1)
  await later(14_999)
  expect(seen().length).toBe(count + 1)
  await later(1)
  await later(15_000)
  expect(seen().length).toBe(count + 3)
  await later(DAY)
  expect(seen().length).toBe(count + 3)
  fixture.notices.fail(1000)
  await bank.payIn(ann, '6.00')
  await later(2 * DAY)
  fixture.notices.fail(0)
  expect((await admin.notices()).at(-1)).toMatchObject({ state: 'given_up', attempts: 13 })
})

test('every fault of the table was played', () => {
  expect(FAULTS.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([])
})
