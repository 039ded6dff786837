/**
 * One home sale of ¥6,800,000 over the wire, every operation used, and its statement files letter by
 * letter. The amounts are those of the platform's worked example.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Fixture,
  type Member,
  MONDAY,
  type Moves,
  moves,
  openMember,
  startFixture,
  TUESDAY,
  WEDNESDAY,
} from './testing/fixture.ts'

let fixture: Fixture
let bank: Moves
const people: Record<'buyer' | 'lender' | 'seller' | 'agent', Member> = {} as never

beforeAll(async () => {
  fixture = await startFixture()
  bank = moves(fixture.client)
  const { client } = fixture
  people.buyer = await openMember(client, 'BUYER1', '买方&张三')
  people.lender = await openMember(client, 'LENDER1', '贷款银行', 'SH')
  people.seller = await openMember(client, 'SELLER1', '卖方李四')
  people.agent = await openMember(client, 'AGENT1', '経纪镕堃', 'SH')
})
afterAll(() => fixture.close())

test('every sub-account opens with a number of its own and a virtual number', () => {
  const numbers = Object.values(people).flatMap(({ subAcctNo, virtualNo }) => [
    subAcctNo,
    virtualNo,
  ])
  expect(new Set(numbers).size).toBe(8)
  expect(people.buyer.subAcctNo).toBe('3620000000001000')
  expect(people.buyer.virtualNo).toBe('9555000000001000')
})

test('money comes in, is frozen, and pays seller and agent', async () => {
  const { buyer, lender, seller, agent } = people
  await bank.payIn(buyer, '200000.00', { CnsmrSeqNo: 'SALE000000000000000001', Remark: '定金' })
  await bank.payIn(buyer, '2280000.00', { CnsmrSeqNo: 'SALE000000000000000002' })
  const loan = await bank.payIn(lender, '4320000.00', { CnsmrSeqNo: 'SALE000000000000000003' })
  expect(loan).toMatchObject({ TxnReturnCode: '000000', WitnessSysSeqNo: '2026030200000003' })
  expect(await bank.balances('BUYER1')).toEqual(['2480000.00', '2480000.00', '0.00'])

  await bank.freeze(buyer, '200000.00', 'F1', { CnsmrSeqNo: 'SALE000000000000000004' })
  await bank.freeze(buyer, '2280000.00', 'F2', { CnsmrSeqNo: 'SALE000000000000000005' })
  await bank.freeze(lender, '4320000.00', 'F3', { CnsmrSeqNo: 'SALE000000000000000006' })
  expect(await bank.balances('BUYER1')).toEqual(['0.00', '0.00', '2480000.00'])

  // Under a number of its own the payment draws on both of the buyer's freezes.
  const paid = await bank.pay(
    buyer,
    'P1',
    [
      [seller, '2312000.00', 'LEG1'],
      [agent, '68000.00', 'LEG2'],
    ],
    { CnsmrSeqNo: 'SALE000000000000000007', Remark: '过户' },
  )
  expect(paid.TranItemArray).toEqual([
    { TranSeqNo: 'LEG1', FrontSeqNo: '2026030200000007' },
    { TranSeqNo: 'LEG2', FrontSeqNo: '2026030200000008' },
  ])
  // Quoting the freeze, it draws on that one.
  await bank.pay(lender, 'F3', [[seller, '4320000.00', 'LEG3']], {
    CnsmrSeqNo: 'SALE000000000000000008',
  })
  expect(await bank.balances('BUYER1')).toEqual(['0.00', '0.00', '100000.00'])
  expect(await bank.balances('SELLER1')).toEqual(['6632000.00', '6632000.00', '0.00'])
  expect(await bank.pool()).toBe('6800000.00')
})

test('a hold-back is paid, the other goes back to the buyer in two parts', async () => {
  const { buyer, seller } = people
  await bank.pay(buyer, 'F2', [[seller, '50000.00', 'LEG4']], {
    CnsmrSeqNo: 'SALE000000000000000009',
  })
  const back = { FunctionFlag: '2' }
  await bank.freeze(buyer, '20000.00', 'F2', { ...back, CnsmrSeqNo: 'SALE000000000000000010' })
  await bank.freeze(buyer, '30000.00', 'F2', { ...back, CnsmrSeqNo: 'SALE000000000000000011' })
  expect(await bank.balances('BUYER1')).toEqual(['50000.00', '50000.00', '0.00'])
  const more = await bank.freeze(buyer, '0.01', 'F2', back)
  expect(more.TxnReturnCode).toBe('ERR052')
})

test('a withdrawal is accepted, lies in transit, and is paid', async () => {
  const { seller } = people
  const seq = 'SALE000000000000000012'
  const accepted = await bank.withdraw(seller, '6682000.00', { CnsmrSeqNo: seq, Remark: '房款' })
  expect(accepted).toMatchObject({ TxnReturnCode: '000000', TransferFee: '0.00' })
  expect(await bank.balances('SELLER1')).toEqual(['0.00', '0.00', '0.00'])
  expect(await bank.pool()).toBe('6800000.00')
  expect(await bank.status('3', seq)).toMatchObject({ TranStatus: '2', BookingFlag: '3' })

  await fixture.bank.admin.setClock(MONDAY + 60_000)
  expect(await bank.pool()).toBe('118000.00')
  expect(await bank.status('3', seq)).toMatchObject({
    TranStatus: '0',
    TranAmt: '6682000.00',
    TranDate: '20260302',
    TranTime: '090000',
    OutSubAcctNo: seller.subAcctNo,
    OldTranFrontSeqNo: accepted.FrontSeqNo,
  })
  expect(fixture.notices.seen.at(-1)).toMatchObject({
    Event: 'WithdrawResult',
    TranStatus: '0',
    TranNetSeqNo: seq,
  })
})

test('suspense: unmatched money is registered to a member and taken back in part', async () => {
  const { buyer } = people
  const { bank: b } = fixture
  const stray = { RecvAcctNo: b.poolNo, HoldOne: '9999', HoldTwo: '不明', Remark: 'no one' }
  const inbound = await bank.payIn(buyer, '700.00', {
    ...stray,
    CnsmrSeqNo: 'SALE000000000000000013',
  })
  const registered = await fixture.client.call('6139', 'RegisterBillSupportWithdraw', {
    TranNetMemberCode: buyer.code,
    OrderNo: 'R1',
    SuspendAmt: '700.00',
    TranFee: '0.0',
    ReservedMsgOne: inbound.WitnessSysSeqNo,
    CnsmrSeqNo: 'SALE000000000000000014',
  })
  expect(registered.TxnReturnCode).toBe('000000')
  const revoked = await fixture.client.call('6140', 'RevRegisterBillSupportWithdraw', {
    TranNetMemberCode: buyer.code,
    OldOrderNo: 'R1',
    CancelAmt: '200.00',
    TranFee: '0.0',
    CnsmrSeqNo: 'SALE000000000000000015',
  })
  expect(revoked.TxnReturnCode).toBe('000000')
  expect(await bank.balances('BUYER1')).toEqual(['50500.00', '50500.00', '0.00'])
  const functions = await fixture.client.call('6010', 'CustAcctIdBalanceQuery', {
    QueryFlag: '3',
    PageNum: '1',
  })
  expect(
    (functions.AcctArray as Record<string, string>[]).map((a) => [
      a.SubAcctProperty,
      a.AcctAvailBal,
    ]),
  ).toEqual([
    ['2', '200.00'],
    ['3', '0.00'],
    ['4', '0.00'],
    ['5', '0.00'],
    ['12', '0.00'],
  ])
  const list = await fixture.client.call('6050', 'CommonTransferRechargeQuery', {
    FunctionFlag: '1',
    StartDate: '20260302',
    EndDate: '20260302',
    PageNum: '1',
  })
  expect(list).toMatchObject({ ResultNum: '4', EndFlag: '1', TotalNum: '4', StartRecordNo: '1' })
  expect((list.TranItemArray as unknown[])[3]).toMatchObject({
    InAcctType: '03',
    TranNetMemberCode: '',
    TranAmt: '700.00',
    InAcctNo: '9999',
    FrontSeqNo: inbound.WitnessSysSeqNo,
  })
})

test('the day’s files are there the next day, exactly so', async () => {
  const early = await fixture.client.call('6103', 'ReconciliationDocumentQuery', {
    FileType: 'CZ',
    FileDate: '20260302',
  })
  expect(early.TxnReturnCode).toBe('ERR071')
  await fixture.bank.admin.setClock(TUESDAY)
  expect(await bank.statement('CZ', '20260302')).toBe(`CZ&20260302&4&6800700.00&
1&BUYER1&3620000000001000&200000.00&0.00&20260302&090000&2026030200000001&SALE000000000000000001&定金&02&&
2&BUYER1&3620000000001000&2280000.00&0.00&20260302&090000&2026030200000002&SALE000000000000000002&SALE000000000000000002&02&&
3&LENDER1&3620000000001001&4320000.00&0.00&20260302&090000&2026030200000003&SALE000000000000000003&SALE000000000000000003&02&&
4&&3620000000000002&700.00&0.00&20260302&090100&2026030200000015&SALE000000000000000013&no one&03&&
`)
  expect(await bank.statement('TX', '20260302')).toBe(`TX&20260302&1&6682000.00&
1&SELLER1&3620000000001002&卖方李四&6682000.00&0.00&20260302&090000&2026030200000013&SALE000000000000000012&房款&03&&
`)
  expect(await bank.statement('JY', '20260302')).toBe(`JY&20260302&11&13600900.00&
1&2&BUYER1&3620000000001000&买方＆张三&BUYER1&3620000000000005&平台担保子账户&200000.00&0.00&20260302&090000&2026030200000004&SALE000000000000000004&&F1&
2&2&BUYER1&3620000000001000&买方＆张三&BUYER1&3620000000000005&平台担保子账户&2280000.00&0.00&20260302&090000&2026030200000005&SALE000000000000000005&&F2&
3&2&LENDER1&3620000000001001&贷款银行&LENDER1&3620000000000005&平台担保子账户&4320000.00&0.00&20260302&090000&2026030200000006&SALE000000000000000006&&F3&
4&7&BUYER1&3620000000000005&平台担保子账户&SELLER1&3620000000001002&卖方李四&2312000.00&0.00&20260302&090000&2026030200000007&SALE000000000000000007&过户&P1&
5&7&BUYER1&3620000000000005&平台担保子账户&AGENT1&3620000000001003&経纪镕堃&68000.00&0.00&20260302&090000&2026030200000008&SALE000000000000000007&过户&P1&
6&7&LENDER1&3620000000000005&平台担保子账户&SELLER1&3620000000001002&卖方李四&4320000.00&0.00&20260302&090000&2026030200000009&SALE000000000000000008&&F3&
7&7&BUYER1&3620000000000005&平台担保子账户&SELLER1&3620000000001002&卖方李四&50000.00&0.00&20260302&090000&2026030200000010&SALE000000000000000009&&F2&
8&3&BUYER1&3620000000000005&平台担保子账户&BUYER1&3620000000001000&买方＆张三&20000.00&0.00&20260302&090000&2026030200000011&SALE000000000000000010&&F2&
9&3&BUYER1&3620000000000005&平台担保子账户&BUYER1&3620000000001000&买方＆张三&30000.00&0.00&20260302&090000&2026030200000012&SALE000000000000000011&&F2&
10&4&&3620000000000002&挂账子账户&BUYER1&3620000000001000&买方＆张三&700.00&0.00&20260302&090100&2026030200000016&SALE000000000000000014&&R1&
11&N&BUYER1&3620000000001000&买方＆张三&&3620000000000002&挂账子账户&200.00&0.00&20260302&090100&2026030200000017&SALE000000000000000015&&R1&
`)
  expect(await bank.statement('YE', '20260302')).toBe(`YE&20260302&8&118700.00&
1&&3620000000000002&200.00&挂账子账户&
2&&3620000000000003&0.00&手续费子账户&
3&&3620000000000004&0.00&利息子账户&
4&&3620000000000005&0.00&平台担保子账户&
5&BUYER1&3620000000001000&50500.00&买方＆张三&
6&LENDER1&3620000000001001&0.00&贷款银行&
7&SELLER1&3620000000001002&0.00&卖方李四&
8&AGENT1&3620000000001003&68000.00&経纪镕堃&
`)
  expect(await bank.statement('CZ', '20260301')).toBe('CZ&20260301&0&0.00&\n')
})

test('a returned withdrawal stays paid and comes back as a new inbound row', async () => {
  const { agent } = people
  const { admin } = fixture.bank
  admin.arm({ fault: 'withdrawal-returned' })
  const seq = 'SALE000000000000000016'
  const accepted = await bank.withdraw(agent, '68000.00', { CnsmrSeqNo: seq })
  await admin.setClock(WEDNESDAY)
  expect(await bank.status('3', seq)).toMatchObject({ TranStatus: '0' })
  expect(await bank.balances('AGENT1')).toEqual(['68000.00', '68000.00', '0.00'])
  expect(fixture.notices.seen.at(-1)).toMatchObject({
    Event: 'WithdrawReturned',
    OldMarketSeqNo: seq,
    TranAmt: '68000.00',
    InAcctType: '02',
    SubAcctNo: agent.subAcctNo,
  })
  const query = { FunctionFlag: '1', StartDate: '20260304', EndDate: '20260304' }
  const list = async () => {
    const reply = await fixture.client.call('6048', 'BankWithdrawCashBackQuery', query)
    return (reply.TranItemArray as Record<string, string>[])[0]
  }
  // The bank knows the original only from the next day on.
  expect(await list()).toMatchObject({ OldMarketSeqNo: '', RejectInAcctTranAmt: '68000.00' })
  await admin.setClock(WEDNESDAY + 86_400_000)
  expect(await list()).toMatchObject({
    OldMarketSeqNo: seq,
    OldFrontSeqNo: accepted.FrontSeqNo,
    RejectBillDate: '20260304',
    PayeeWitnessSubAcctNo: agent.subAcctNo,
  })
  const rows = (await bank.statement('CZ', '20260304')).split('\n')
  expect(rows[0]).toBe('CZ&20260304&1&68000.00&')
  expect(rows[1]).toMatch(
    /^1&AGENT1&3620000000001003&68000\.00&0\.00&20260304&090000&\d{16}&&提现退票&02&&$/,
  )
})

test('every notice was signed by the bank, and nothing went wrong unseen', () => {
  expect(fixture.notices.badSignatures).toBe(0)
  expect(fixture.errors).toEqual([])
})
