/**
 * Carries one request out inside one database tx: the number is looked up, the operation acts, the
 * answer is stored beside its movements, the book is proved, and only then does it commit.
 *
 * An instruction is answered once; sent again with the same content it gets that first answer, also
 * when it was a refusal. TxnTime is not content: a client that sends again stamps it anew.
 */
import { createHash } from 'node:crypto'
import { assertBook, type Bank, type Desk, lockPool } from './book.ts'
import { type CodeName, Refused, returnCode } from './codes.ts'
import { type Body, OPERATIONS, type OperationNumber, text } from './fields.ts'
import * as accounts from './operations/accounts.ts'
import * as guarantee from './operations/guarantee.ts'
import * as inbound from './operations/inbound.ts'
import type { Answer, Operation } from './operations/operation.ts'
import { statementPlace } from './operations/statement.ts'
import { instructionStatus } from './operations/status.ts'
import * as withdrawal from './operations/withdrawal.ts'
import type { Sql } from './store.ts'

export type Operations = Record<OperationNumber, Operation>

export function createOperations(fileSecret: string): Operations {
  return {
    '6248': accounts.openSubAccount,
    '6055': accounts.bindAccount,
    '6065': accounts.unbindAccount,
    '6211': inbound.testTransfer,
    '6139': inbound.registerSuspense,
    '6140': inbound.revokeRegistration,
    '6007': guarantee.freezeOrUnfreeze,
    '6163': guarantee.payFromGuarantee,
    '6033': withdrawal.withdraw,
    '6110': instructionStatus,
    '6048': withdrawal.returnedWithdrawals,
    '6050': inbound.inboundList,
    '6010': accounts.subAccountBalances,
    '6037': accounts.memberBalances,
    '6011': accounts.poolBalance,
    '6103': statementPlace(fileSecret),
  }
}

/** The same text for the same content, whatever the order of its fields. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`
}

function contentHash(number: OperationNumber, { TxnTime: _, ...content }: Body): string {
  return createHash('sha256').update(number).update(canonical(content)).digest('hex')
}

export type Reply = Record<string, unknown>

export function refusalReply(seq: string, code: CodeName, detail: string): Reply {
  return { ...returnCode(code, detail), CnsmrSeqNo: seq }
}

interface Ask {
  number: OperationNumber
  body: Body
  seq: string
  hash: string
}

/** The stored answer when the number was used for the same content; refuses other content. */
async function earlier(tx: Sql, { seq, hash }: Ask): Promise<{ reply: Reply | null } | undefined> {
  const [row] = await tx.query<{ content_hash: string; reply: Reply | null }>(
    'select content_hash, reply from custody_bank.request where cnsmr_seq_no = $1',
    [seq],
  )
  if (row !== undefined && row.content_hash !== hash) throw new Refused('duplicate_sequence', seq)
  return row
}

async function remember(
  desk: Desk,
  ask: Ask,
  kept: { reply?: Reply; answer?: Answer; failed?: string },
) {
  const outcome = kept.answer?.outcome
  await desk.tx.query(
    `insert into custody_bank.request (cnsmr_seq_no, txn_code, content_hash, received_at, reply, state,
       booking_flag, fen, in_acct, out_acct, front_seq_no, fail_msg)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`,
    [
      ...[ask.seq, ask.number, ask.hash, new Date(desk.now)],
      kept.reply === undefined ? null : JSON.stringify(kept.reply),
      outcome?.state ?? (kept.failed === undefined ? null : 'failed'),
      ...[outcome?.bookingFlag ?? null, outcome?.fen ?? null, outcome?.inAcct ?? null],
      ...[outcome?.outAcct ?? null, outcome?.frontSeqNo ?? null, kept.failed ?? null],
    ],
  )
}

async function carryOut(desk: Desk, ask: Ask, act: Operation): Promise<Reply> {
  const { tx } = desk
  await lockPool(tx)
  const before = await earlier(tx, ask)
  if (before !== undefined) return before.reply ?? {}
  await tx.query('savepoint unacted')
  try {
    const answer = await act({ ...desk, body: ask.body, seq: ask.seq })
    const reply = { ...returnCode('ok'), CnsmrSeqNo: ask.seq, ...answer.fields }
    await remember(desk, ask, { reply, answer })
    await assertBook(tx)
    return reply
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    await tx.query('rollback to savepoint unacted')
    const reply = refusalReply(ask.seq, error.code, error.detail)
    await remember(desk, ask, { reply, failed: String(reply.TxnReturnMsg) })
    return reply
  }
}

async function lookUp(desk: Desk, ask: Ask, act: Operation): Promise<Reply> {
  await remember(desk, ask, {})
  await earlier(desk.tx, ask)
  const answer = await act({ ...desk, body: ask.body, seq: ask.seq })
  return { ...returnCode('ok'), CnsmrSeqNo: ask.seq, ...answer.fields }
}

/** Answers a request whose signature and fields are in order. Refusals are answers. */
export async function answer(
  bank: Bank,
  number: OperationNumber,
  body: Body,
  act: Operation,
): Promise<Reply> {
  const ask: Ask = { number, body, seq: text(body, 'CnsmrSeqNo'), hash: contentHash(number, body) }
  const serve = OPERATIONS[number].kind === 'instruction' ? carryOut : lookUp
  try {
    return await bank.store.tx((tx) => serve({ bank, tx, now: bank.clock.now() }, ask, act))
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return refusalReply(ask.seq, error.code, error.detail)
  }
}
