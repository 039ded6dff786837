/** A row for every code of the table: what is asked, and what the bank answers. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CODES } from './codes.ts'
import { type Json, newKeys, signRequest } from './testing/client.ts'
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
let bob: Member

beforeAll(async () => {
  fixture = await startFixture()
  bank = moves(fixture.client)
  ann = await openMember(fixture.client, 'ANN', '安')
  bob = await openMember(fixture.client, 'BOB', '鲍')
  await bank.payIn(ann, '100.00')
  await bank.freeze(ann, '40.00', 'FROZEN')
  await bank.payIn(bob, '1.00', { RecvAcctNo: fixture.bank.poolNo, HoldOne: '0', Remark: 'x' })
  await fixture.client.call('6139', 'RegisterBillSupportWithdraw', {
    ...{ TranNetMemberCode: 'BOB', OrderNo: 'REG', SuspendAmt: '1.00' },
  })
})
afterAll(() => fixture.close())

const call = (code: string, service: string, fields: Json) =>
  fixture.client.call(code, service, fields)
const open = (fields: Json) =>
  call('6248', 'AutonymOpenCustAcctId', {
    ...{ FunctionFlag: '1', TranNetMemberCode: 'NEW', MemberName: '新', MemberGlobalType: '1' },
    ...{ MemberGlobalId: 'X', Mobile: '1', MemberProperty: '00', ...fields },
  })
const sendRaw = async (changes: object, status = 401): Promise<Json> => {
  const body = Buffer.from('{}')
  const request = signRequest(fixture.keys, 'POST', '/group/SupAcctIdBalanceQuery', body, changes)
  const reply = await fixture.client.raw(request)
  expect(reply.status).toBe(status)
  return reply.json()
}

type Row = [code: string, detail: string | undefined, ask: () => Promise<Json>]
const seq = 'DUPLICATE0000000000001'

const ROWS: Row[] = [
  [
    'ERR001',
    undefined,
    async () => {
      const request = signRequest(
        newKeys(),
        'POST',
        '/group/SupAcctIdBalanceQuery',
        Buffer.from('{}'),
      )
      return (await fixture.client.raw(request)).json()
    },
  ],
  ['ERR002', undefined, () => sendRaw({ timestamp: String(Date.now() - 301_000) })],
  [
    'ERR003',
    undefined,
    async () => {
      const nonce = 'abcdefabcdefabcdef'
      await sendRaw({ nonce }, 200)
      return sendRaw({ nonce })
    },
  ],
  ['ERR010', 'MrchCode', () => open({ MrchCode: undefined })],
  ['ERR010', 'CnsmrSeqNo', () => open({ CnsmrSeqNo: 'short' })],
  ['ERR010', 'TxnTime', () => open({ TxnTime: '20260302' })],
  ['ERR010', 'MemberProperty', () => open({ MemberProperty: '01' })],
  ['ERR010', 'FunctionFlag', () => bank.freeze(ann, '1.00', 'X', { FunctionFlag: '7' })],
  ['ERR010', 'TranAmt', () => bank.freeze(ann, '1.0', 'X')],
  ['ERR010', 'TranAmt', () => bank.freeze(ann, '0.00', 'X')],
  ['ERR010', 'TranAmt', () => bank.freeze(ann, '-1.00', 'X')],
  ['ERR010', 'TranAmt', () => bank.freeze(ann, '１.00', 'X')],
  ['ERR010', 'TranAmt', () => bank.freeze(ann, '1', 'X', { TranAmt: 1 })],
  ['ERR010', 'TranCommission', () => bank.freeze(ann, '1.00', 'X', { TranCommission: '0.01' })],
  ['ERR010', 'Remark', () => bank.freeze(ann, '1.00', 'X', { Remark: '长'.repeat(301) })],
  [
    'ERR010',
    'TranItemArray[1].TranAmt',
    () =>
      bank.pay(ann, 'X', [
        [bob, '1.00', 'A'],
        [bob, '1e2', 'B'],
      ]),
  ],
  ['ERR010', 'TranItemArray', () => bank.pay(ann, 'X', [], { InSubAcctNum: '1' })],
  ['ERR010', 'InSubAcctNum', () => bank.pay(ann, 'X', [[bob, '1.00', 'A']], { InSubAcctNum: '2' })],
  [
    'ERR010',
    'FileDate',
    () => call('6103', 'ReconciliationDocumentQuery', { FileType: 'CZ', FileDate: '20260230' }),
  ],
  [
    'ERR010',
    'SubAcctNo',
    () => call('6010', 'CustAcctIdBalanceQuery', { QueryFlag: '2', PageNum: '1' }),
  ],
  ['ERR011', 'Nothing', () => call('6011', 'Nothing', {})],
  ['ERR011', 'KFEJZB6007', () => call('6007', 'SupAcctIdBalanceQuery', {})],
  ['ERR012', undefined, () => call('6011', 'SupAcctIdBalanceQuery', { MrchCode: '1' })],
  ['ERR012', undefined, () => call('6011', 'SupAcctIdBalanceQuery', { FundSummaryAcctNo: '1' })],
  [
    'ERR020',
    seq,
    async () => {
      await bank.freeze(ann, '1.00', 'D1', { CnsmrSeqNo: seq })
      return bank.freeze(ann, '2.00', 'D1', { CnsmrSeqNo: seq })
    },
  ],
  ['ERR020', seq, () => call('6011', 'SupAcctIdBalanceQuery', { CnsmrSeqNo: seq })],
  ['ERR030', '1', () => bank.freeze({ ...ann, subAcctNo: '1' }, '1.00', 'X')],
  ['ERR030', 'NOBODY', () => call('6037', 'QueryCustAcctId', { TranNetMemberCode: 'NOBODY' })],
  ['ERR030', '42', () => bank.payIn(ann, '1.00', { RecvAcctNo: '42' })],
  [
    'ERR030',
    '3620000000000005',
    () => bank.pay(ann, 'X', [[{ ...bob, subAcctNo: '3620000000000005' }, '1.00', 'A']]),
  ],
  ['ERR031', 'BOB', () => bank.freeze({ ...ann, code: 'BOB' }, '1.00', 'X')],
  ['ERR032', 'MemberName', () => bank.withdraw(ann, '1.00', { MemberName: '鲍' })],
  ['ERR032', 'OutAmtAcctName', () => bank.withdraw(ann, '1.00', { OutAmtAcctName: '鲍' })],
  [
    'ERR032',
    'MemberName',
    () =>
      call('6055', 'BindRelateAcctSmallAmount', {
        ...{
          TranNetMemberCode: 'ANN',
          MemberName: '安',
          MemberGlobalType: '1',
          MemberGlobalId: 'other',
        },
        ...{ MemberAcctNo: '1', BankType: '1', AcctOpenBranchName: 'b', Mobile: '1' },
      }),
  ],
  ['ERR033', bobCard(), () => bank.withdraw(ann, '1.00', { TakeCashAcctNo: bob.card })],
  ['Err114', 'ANN', () => open({ TranNetMemberCode: 'ANN' })],
  ['ERR040', 'FROZEN', () => bank.freeze(bob, '1.00', 'FROZEN')],
  ['ERR040', 'REG', () => bank.freeze(bob, '1.00', 'REG')],
  ['ERR040', 'REG', () => bank.pay(ann, 'REG', [[bob, '1.00', 'A']])],
  [
    'ERR040',
    'LEG',
    async () => {
      await bank.pay(ann, 'FROZEN', [[bob, '1.00', 'LEG']])
      return bank.pay(ann, 'FROZEN', [[bob, '1.00', 'LEG']])
    },
  ],
  ['ERR041', 'NONE', () => bank.freeze(ann, '1.00', 'NONE', { FunctionFlag: '2' })],
  ['ERR041', 'FROZEN', () => bank.freeze(bob, '1.00', 'FROZEN', { FunctionFlag: '2' })],
  [
    'ERR041',
    'REG',
    () =>
      call('6140', 'RevRegisterBillSupportWithdraw', {
        ...{ TranNetMemberCode: 'ANN', OldOrderNo: 'REG', CancelAmt: '1.00' },
      }),
  ],
  ['ERR050', undefined, () => bank.freeze(ann, '100.00', 'TOOMUCH')],
  ['ERR050', undefined, () => bank.withdraw(ann, '100.00')],
  [
    'ERR051',
    undefined,
    async () => {
      await fixture.bank.admin.change({ paidOut: 'T+1' })
      await bank.pay(ann, 'FROZEN', [[bob, '5.00', 'T1']])
      return bank.withdraw(bob, '7.00')
    },
  ],
  ['ERR051', undefined, () => bank.freeze(bob, '7.00', 'W', { FunctionFlag: '5' })],
  ['ERR052', 'FROZEN', () => bank.freeze(ann, '40.00', 'FROZEN', { FunctionFlag: '2' })],
  ['ERR052', 'FROZEN', () => bank.pay(ann, 'FROZEN', [[bob, '34.01', 'A']])],
  [
    'ERR053',
    undefined,
    () =>
      call('6139', 'RegisterBillSupportWithdraw', {
        ...{ TranNetMemberCode: 'ANN', OrderNo: 'S', SuspendAmt: '0.01' },
      }),
  ],
  [
    'ERR054',
    'REG',
    () =>
      call('6140', 'RevRegisterBillSupportWithdraw', {
        ...{ TranNetMemberCode: 'BOB', OldOrderNo: 'REG', CancelAmt: '1.01' },
      }),
  ],
  [
    'ERR060',
    '1000-1700',
    async () => {
      await fixture.bank.admin.change({ withdrawalHours: { from: '1000', to: '1700' } })
      const reply = await bank.withdraw(ann, '1.00')
      await fixture.bank.admin.change({ withdrawalHours: null })
      return reply
    },
  ],
  ['ERR070', 'NEVER', () => bank.status('2', 'NEVER')],
  ['ERR070', seq, () => bank.status('3', seq)],
  [
    'ERR071',
    '20260302',
    () => call('6103', 'ReconciliationDocumentQuery', { FileType: 'YE', FileDate: '20260302' }),
  ],
  [
    'ERR072',
    undefined,
    async () => {
      const path = `/files/${fixture.bank.poolNo}_CZ_20260301.txt?DrawCode=guess`
      const reply = await fixture.client.raw(
        signRequest(fixture.keys, 'GET', path, Buffer.alloc(0)),
      )
      expect(reply.status).toBe(404)
      return reply.json()
    },
  ],
  [
    'ERR090',
    undefined,
    () => {
      fixture.bank.admin.arm({ fault: 'refusal', operation: '6007' })
      return bank.freeze(ann, '1.00', 'REFUSED')
    },
  ],
]

function bobCard(): string {
  return '6222000000000BOB'
}

test.each(
  ROWS.map(([code, detail, ask], i) => ({
    name: `${i} ${code} ${detail ?? ''}`,
    code,
    detail,
    ask,
  })),
)('$name', async ({ code, detail, ask }) => {
  const before = await fixture.bank.admin.proof()
  const reply = await ask()
  expect(reply.TxnReturnCode).toBe(code)
  if (detail !== undefined) expect(reply.TxnReturnMsg).toContain(detail)
  expect((await fixture.bank.admin.proof()).pool).toBe(before.pool)
})

test('every code of the table has a row', () => {
  const hit = new Set(['000000', ...ROWS.map(([code]) => code)])
  expect(Object.values(CODES).filter(({ code }) => !hit.has(code))).toEqual([])
})

test('a refusal stays the answer, and the status query tells it', async () => {
  const ask = { CnsmrSeqNo: 'REFUSAL000000000000001' }
  const first = await bank.freeze(ann, '5000.00', 'LATER', ask)
  expect(first.TxnReturnCode).toBe('ERR050')
  await bank.payIn(ann, '5000.00')
  expect(await bank.freeze(ann, '5000.00', 'LATER', ask)).toEqual(first)
  expect(await bank.status('2', ask.CnsmrSeqNo)).toMatchObject({
    TranStatus: '1',
    FailMsg: '可用余额不足',
  })
  // The order number was not used up by the refusal.
  expect((await bank.freeze(ann, '5000.00', 'LATER')).TxnReturnCode).toBe('000000')
})

test('money paid out under T+1 can be withdrawn the next business morning', async () => {
  expect(await bank.balances('BOB')).toEqual(['7.00', '2.00', '0.00'])
  await fixture.bank.admin.setClock(MONDAY + 86_400_000)
  expect(await bank.balances('BOB')).toEqual(['7.00', '7.00', '0.00'])
})

test('the same content in another order is the same request, a new TxnTime too', async () => {
  const fields = {
    TranNetMemberCode: 'ANN',
    OrderNo: 'S9',
    SuspendAmt: '0.01',
    CnsmrSeqNo: 'ORDER00000000000000001',
  }
  const reversed = Object.fromEntries(Object.entries(fields).reverse())
  const first = await call('6139', 'RegisterBillSupportWithdraw', fields)
  const again = { ...reversed, TxnTime: '20260302090001000' }
  expect(await call('6139', 'RegisterBillSupportWithdraw', again)).toEqual(first)
})

test('an unbound account can no longer be withdrawn to', async () => {
  const fields = {
    FunctionFlag: '1',
    SubAcctNo: bob.subAcctNo,
    TranNetMemberCode: 'BOB',
    MemberAcctNo: bob.card,
  }
  expect((await call('6065', 'UnbindRelateAcct', fields)).TxnReturnCode).toBe('000000')
  expect((await bank.withdraw(bob, '1.00')).TxnReturnCode).toBe('ERR033')
  expect((await call('6065', 'UnbindRelateAcct', fields)).TxnReturnCode).toBe('ERR033')
})
