/**
 * A bank with its database, its client and a callback URL; and the people of one home sale. The bank's
 * clock stands still at Monday 2026-03-02 09:00 in Shanghai until a test moves it.
 */
import { testDatabase } from '../../../server/testing/database.ts'
import { type CustodyBank, type CustodyBankOptions, startCustodyBank } from '../index.ts'
import {
  type Client,
  createClient,
  type Json,
  type NoticeServer,
  newKeys,
  type PlatformKeys,
  startNoticeServer,
} from './client.ts'

export const MONDAY = Date.parse('2026-03-02T09:00:00+08:00')
export const TUESDAY = Date.parse('2026-03-03T09:30:00+08:00')
export const WEDNESDAY = Date.parse('2026-03-04T09:30:00+08:00')

export interface Fixture {
  bank: CustodyBank
  client: Client
  keys: PlatformKeys
  notices: NoticeServer
  databaseUrl: string
  errors: Error[]
  close(): Promise<void>
}

export async function startFixture(options: Partial<CustodyBankOptions> = {}): Promise<Fixture> {
  const database = await testDatabase({ migrated: false })
  const keys = newKeys()
  let bankKey = ''
  const notices = await startNoticeServer(() => bankKey)
  const errors: Error[] = []
  const bank = await startCustodyBank({
    databaseUrl: database.url,
    platformPublicKeyPem: keys.publicKeyPem,
    noticeUrl: notices.url,
    onError: (error) => errors.push(error),
    ...options,
  })
  bankKey = bank.publicKeyPem
  await bank.admin.setClock(MONDAY)
  return {
    ...{ bank, keys, notices, errors, databaseUrl: database.url },
    client: createClient(bank.url, bank.publicKeyPem, keys),
    async close() {
      await bank.close()
      await notices.close()
      await database.drop()
    },
  }
}

export interface Member {
  code: string
  name: string
  subAcctNo: string
  virtualNo: string
  card: string
}

/** Opens a sub-account and binds a card to it. */
export async function openMember(
  client: Client,
  code: string,
  name: string,
  property = '00',
): Promise<Member> {
  const person = {
    TranNetMemberCode: code,
    MemberName: name,
    MemberGlobalType: '1',
    MemberGlobalId: `ID${code}`,
  }
  const opened = await client.call('6248', 'AutonymOpenCustAcctId', {
    ...person,
    FunctionFlag: '1',
    Mobile: '13800000000',
    MemberProperty: property,
  })
  const card = `62220000${code.padStart(8, '0')}`
  await client.call('6055', 'BindRelateAcctSmallAmount', {
    ...person,
    MemberAcctNo: card,
    BankType: '2',
    AcctOpenBranchName: '中国银行',
    Mobile: '13800000000',
    CnapsBranchId: '104100000004',
  })
  return {
    code,
    name,
    subAcctNo: String(opened.SubAcctNo),
    virtualNo: String(opened.ReservedMsg),
    card,
  }
}

/** The operations as a platform would write them. */
export function moves(client: Client) {
  return {
    payIn: (to: Member, amount: string, extra: Json = {}) =>
      client.call('6211', 'ApntTransfer', {
        RecvAcctNo: to.virtualNo,
        ApplyTakeCashAmt: amount,
        MarketChargeCommission: '0.00',
        HoldOne: to.card,
        HoldTwo: to.name,
        ...extra,
      }),
    freeze: (from: Member, amount: string, orderNo: string, extra: Json = {}) =>
      client.call('6007', 'MembershipTrancheFreeze', {
        FunctionFlag: '1',
        SubAcctNo: from.subAcctNo,
        TranNetMemberCode: from.code,
        TranAmt: amount,
        TranCommission: '0.00',
        Ccy: 'RMB',
        OrderNo: orderNo,
        ...extra,
      }),
    pay: (
      from: Member,
      orderNo: string,
      legs: [to: Member, amount: string, tranSeqNo: string][],
      extra: Json = {},
    ) =>
      client.call('6163', 'MembershipTranchePay', {
        OutSubAcctNo: from.subAcctNo,
        OutTranNetMemberCode: from.code,
        Commission: '0.00',
        Ccy: 'RMB',
        OrderNo: orderNo,
        InSubAcctNum: String(legs.length),
        TranItemArray: legs.map(([to, amount, tranSeqNo]) => ({
          TranSeqNo: tranSeqNo,
          InSubAcctNo: to.subAcctNo,
          InTranNetMemberCode: to.code,
          TranAmt: amount,
        })),
        ...extra,
      }),
    withdraw: (from: Member, amount: string, extra: Json = {}) =>
      client.call('6033', 'MembershipWithdrawCash', {
        SubAcctNo: from.subAcctNo,
        TranNetMemberCode: from.code,
        TranWebName: '5236',
        MemberName: from.name,
        TakeCashAcctNo: from.card,
        OutAmtAcctName: from.name,
        Ccy: 'RMB',
        CashAmt: amount,
        ...extra,
      }),
    status: (flag: string, seq: unknown) =>
      client.call('6110', 'SingleTransactionStatusQuery', {
        FunctionFlag: flag,
        TranNetSeqNo: seq,
      }),
    async balances(
      code: string,
    ): Promise<[available: string, withdrawable: string, frozen: string]> {
      const reply = await client.call('6037', 'QueryCustAcctId', { TranNetMemberCode: code })
      return [reply.SubAcctAvailBal, reply.SubAcctCashBal, reply.SubAcctFreezeAmt].map(String) as [
        string,
        string,
        string,
      ]
    },
    async pool(): Promise<string> {
      return String((await client.call('6011', 'SupAcctIdBalanceQuery', {})).CurBalabce)
    },
    async statement(type: string, date: string): Promise<string> {
      const place = await client.call('6103', 'ReconciliationDocumentQuery', {
        FileType: type,
        FileDate: date,
      })
      const [item] = place.TranItemArray as Record<string, string>[]
      const bytes = await client.file(item!.FilePath!, item!.DrawCode!)
      return new TextDecoder('gb18030').decode(bytes)
    },
  }
}

export type Moves = ReturnType<typeof moves>
