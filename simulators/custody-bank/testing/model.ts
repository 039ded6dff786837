/**
 * Random operations and a plain model of what the bank must answer to each. The model keeps sums per
 * member and nothing else; it knows the rules from the README, not from the bank's code.
 */
import fc from 'fast-check'
import type { Client } from './client.ts'
import { type Fixture, type Member, type Moves, moves } from './fixture.ts'

interface By {
  by: number
  fen: bigint
}

interface Steps {
  inbound: { to: number; fen: bigint; suspense: boolean }
  freeze: By
  unfreeze: By & { order: number }
  register: By
  revoke: By & { order: number }
  pay: { by: number; order: number; legs: { to: number; fen: bigint }[] }
  withdraw: By
  fail: By
  return: By
  settle: object
  'next day': object
}

export type Step = { [Name in keyof Steps]: { do: Name } & Steps[Name] }[keyof Steps]

const who = fc.nat({ max: 2 })
const fen = fc.bigInt({ min: 1n, max: 500n })

function named<Name extends keyof Steps, Fields>(name: Name, fields: fc.Arbitrary<Fields>) {
  return fields.map((each) => ({ do: name, ...each }))
}

/** An order index past the last freeze means an order number of its own. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: named('inbound', fc.record({ to: who, fen, suspense: fc.boolean() })), weight: 3 },
  { arbitrary: named('freeze', fc.record({ by: who, fen })), weight: 3 },
  {
    arbitrary: named('unfreeze', fc.record({ by: who, fen, order: fc.nat({ max: 4 }) })),
    weight: 2,
  },
  named('register', fc.record({ by: who, fen })),
  named('revoke', fc.record({ by: who, fen, order: fc.nat({ max: 2 }) })),
  {
    arbitrary: named(
      'pay',
      fc.record({
        by: who,
        order: fc.nat({ max: 8 }),
        legs: fc.array(fc.record({ to: who, fen }), { minLength: 1, maxLength: 4 }),
      }),
    ),
    weight: 4,
  },
  named('withdraw', fc.record({ by: who, fen })),
  named('fail', fc.record({ by: who, fen })),
  named('return', fc.record({ by: who, fen })),
  named('settle', fc.constant({})),
  named('next day', fc.constant({})),
)

interface Order {
  order: string
  by: number
  left: bigint
}

export interface Model {
  available: bigint[]
  freezes: Order[]
  registrations: Order[]
  suspense: bigint
  /** Withdrawals accepted and not yet final. */
  flying: (By & { fate: 'withdraw' | 'fail' | 'return' })[]
  /** Withdrawals paid that will come back. */
  returning: By[]
}

/** The code the model expects, and the one the bank gave. */
type Codes = [expected: string, got: unknown]

interface Table {
  client: Client
  bank: Fixture['bank']
  ops: Moves
  members: Member[]
  model: Model
  fresh(): string
}

type Play<Name extends keyof Steps> = (table: Table, s: Steps[Name]) => Promise<Codes>

const OK = '000000'
const DAY = 86_400_000
/** Over any weekend. */
const FAR = 4 * DAY

export const yuan = (cents: bigint) => `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`

const playInbound: Play<'inbound'> = async ({ ops, bank, members, model }, s) => {
  const stray = s.suspense ? { RecvAcctNo: bank.poolNo, HoldOne: '0', Remark: '?' } : {}
  if (s.suspense) model.suspense += s.fen
  else model.available[s.to]! += s.fen
  return [OK, (await ops.payIn(members[s.to]!, yuan(s.fen), stray)).TxnReturnCode]
}

const playFreeze: Play<'freeze'> = async ({ ops, members, model, fresh }, s) => {
  const order = fresh()
  const got = (await ops.freeze(members[s.by]!, yuan(s.fen), order)).TxnReturnCode
  if (model.available[s.by]! < s.fen) return ['ERR050', got]
  model.available[s.by]! -= s.fen
  model.freezes.push({ order, by: s.by, left: s.fen })
  return [OK, got]
}

const playUnfreeze: Play<'unfreeze'> = async ({ ops, members, model, fresh }, s) => {
  const old = model.freezes[s.order]
  const back = { FunctionFlag: '2' }
  const got = (await ops.freeze(members[s.by]!, yuan(s.fen), old?.order ?? fresh(), back))
    .TxnReturnCode
  if (old?.by !== s.by) return ['ERR041', got]
  if (old.left < s.fen) return ['ERR052', got]
  old.left -= s.fen
  model.available[s.by]! += s.fen
  return [OK, got]
}

const playRegister: Play<'register'> = async ({ client, members, model, fresh }, s) => {
  const order = fresh()
  const { code } = members[s.by]!
  const fields = { TranNetMemberCode: code, OrderNo: order, SuspendAmt: yuan(s.fen) }
  const got = (await client.call('6139', 'RegisterBillSupportWithdraw', fields)).TxnReturnCode
  if (model.suspense < s.fen) return ['ERR053', got]
  model.suspense -= s.fen
  model.available[s.by]! += s.fen
  model.registrations.push({ order, by: s.by, left: s.fen })
  return [OK, got]
}

const playRevoke: Play<'revoke'> = async ({ client, members, model }, s) => {
  const old = model.registrations[s.order]
  const { code } = members[s.by]!
  const fields = {
    TranNetMemberCode: code,
    OldOrderNo: old?.order ?? 'NONE',
    CancelAmt: yuan(s.fen),
  }
  const got = (await client.call('6140', 'RevRegisterBillSupportWithdraw', fields)).TxnReturnCode
  if (old?.by !== s.by) return ['ERR041', got]
  if (old.left < s.fen) return ['ERR054', got]
  if (model.available[s.by]! < s.fen) return ['ERR050', got]
  old.left -= s.fen
  model.available[s.by]! -= s.fen
  model.suspense += s.fen
  return [OK, got]
}

const playPay: Play<'pay'> = async ({ ops, members, model, fresh }, s) => {
  const quoted = model.freezes[s.order]
  const legs = s.legs.map((leg): [Member, string, string] => [
    members[leg.to]!,
    yuan(leg.fen),
    fresh(),
  ])
  const got = (await ops.pay(members[s.by]!, quoted?.order ?? fresh(), legs)).TxnReturnCode
  if (quoted !== undefined && quoted.by !== s.by) return ['ERR040', got]
  const sources = quoted === undefined ? model.freezes.filter((f) => f.by === s.by) : [quoted]
  let left = s.legs.reduce((sum, leg) => sum + leg.fen, 0n)
  if (sources.reduce((sum, source) => sum + source.left, 0n) < left) return ['ERR052', got]
  for (const source of sources) {
    const part = source.left < left ? source.left : left
    source.left -= part
    left -= part
  }
  for (const leg of s.legs) model.available[leg.to]! += leg.fen
  return [OK, got]
}

function playWithdraw(
  fate: 'withdraw' | 'fail' | 'return',
): (table: Table, s: By) => Promise<Codes> {
  const fault = { withdraw: undefined, fail: 'withdrawal-fails', return: 'withdrawal-returned' }[
    fate
  ]
  return async ({ ops, bank, members, model }, s) => {
    const enough = model.available[s.by]! >= s.fen
    if (enough && fault !== undefined) bank.admin.arm({ fault })
    const got = (await ops.withdraw(members[s.by]!, yuan(s.fen))).TxnReturnCode
    if (!enough) return ['ERR050', got]
    model.available[s.by]! -= s.fen
    model.flying.push({ by: s.by, fen: s.fen, fate })
    return [OK, got]
  }
}

const playSettle: Play<'settle'> = async ({ bank, model }) => {
  await bank.admin.setClock(bank.admin.now() + 1000)
  for (const { by, fen: sum, fate } of model.flying) {
    if (fate === 'fail') model.available[by]! += sum
    if (fate === 'return') model.returning.push({ by, fen: sum })
  }
  model.flying = []
  return ['', '']
}

const playNextDay: Play<'next day'> = async (table, s) => {
  await playSettle(table, s)
  const { bank, model } = table
  await bank.admin.setClock(bank.admin.now() + FAR)
  for (const { by, fen: sum } of model.returning) model.available[by]! += sum
  model.returning = []
  return ['', '']
}

const PLAYS: { [Name in keyof Steps]: Play<Name> } = {
  inbound: playInbound,
  freeze: playFreeze,
  unfreeze: playUnfreeze,
  register: playRegister,
  revoke: playRevoke,
  pay: playPay,
  withdraw: playWithdraw('withdraw'),
  fail: playWithdraw('fail'),
  return: playWithdraw('return'),
  settle: playSettle,
  'next day': playNextDay,
}

/** Plays steps on the bank and on the model. */
export function createPlayer({ client, bank }: Fixture, members: Member[]) {
  let serial = 0
  const model: Model = {
    ...{ available: members.map(() => 0n), freezes: [], registrations: [] },
    ...{ suspense: 0n, flying: [], returning: [] },
  }
  const ops = moves(client)
  const table: Table = {
    ...{ client, bank, ops, members, model },
    fresh() {
      serial += 1
      return `O-${serial}`
    },
  }
  return {
    model,
    ops,
    frozenOf: (by: number) =>
      model.freezes.filter((f) => f.by === by).reduce((sum, f) => sum + f.left, 0n),
    play: (s: Step) => (PLAYS[s.do] as Play<keyof Steps>)(table, s as Steps[keyof Steps]),
  }
}
