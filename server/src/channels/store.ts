/** Every statement on the tables of `channels`. */
import type { Effect, Instant, Tx, Uuid } from '#base'
import type { Instruction } from './instruction.ts'
import type { Inbound, Operation } from './port.ts'
import type { InboundState, InboundWay, InstructionState } from './states.ts'

export interface NewInstruction {
  readonly orgId: number
  readonly id: Uuid
  readonly channel: string
  readonly operation: Operation
  readonly reference: string
  readonly owner: string
  readonly step: Uuid
  readonly amount: bigint
  readonly validUntil: Instant
}

const hex = (column: string) => `replace(${column}::text, '-', '')`
const dates = (times: readonly Instant[]) => times.map((time) => new Date(time))

export const insertInstruction: Effect<NewInstruction> = {
  name: 'channels.intend_instruction',
  sql: `insert into channels.instruction (book_id, org_id, id, channel, operation, reference, owner,
      step, amount, state, valid_until, intended_at, moved_at)
    select $1, u.org_id, u.id, u.channel, u.operation, u.reference, u.owner, u.step, u.amount,
      'intended', u.valid_until, $2, $2
    from unnest($3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::uuid[],
      $10::bigint[], $11::timestamptz[])
      as u (org_id, id, channel, operation, reference, owner, step, amount, valid_until)
    returning ${hex('id')} as moved`,
  columns: (rows) => [
    rows.map((row) => row.orgId),
    rows.map((row) => row.id),
    rows.map((row) => row.channel),
    rows.map((row) => row.operation),
    rows.map((row) => row.reference),
    rows.map((row) => row.owner),
    rows.map((row) => row.step),
    rows.map((row) => row.amount),
    dates(rows.map((row) => row.validUntil)),
  ],
  key: (row) => row.id,
}

export const markSending: Effect<{ readonly id: Uuid; readonly sendBefore: Instant }> = {
  name: 'channels.mark_sending',
  sql: `update channels.instruction i
    set state = 'sending', send_before = u.send_before, moved_at = $2
    from unnest($3::uuid[], $4::timestamptz[]) as u (id, send_before)
    where i.book_id = $1 and i.id = u.id and i.state = 'intended' and i.valid_until > $2
    returning ${hex('i.id')} as moved`,
  columns: (rows) => [rows.map((row) => row.id), dates(rows.map((row) => row.sendBefore))],
  key: (row) => row.id,
}

export interface InstructionMoved {
  readonly id: Uuid
  readonly from: InstructionState
  readonly to: InstructionState
  /** 1 when it came back unsent. */
  readonly unsent: 0 | 1
  readonly code: string
  readonly message: string
  readonly bankReference: string
}

export const moveInstruction: Effect<InstructionMoved> = {
  name: 'channels.record_outcome',
  sql: `update channels.instruction i
    set state = u.to_state, sends = i.sends + u.unsent, code = u.code, message = u.message,
      bank_reference = case when u.bank_reference = '' then i.bank_reference else u.bank_reference end,
      moved_at = $2
    from unnest($3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[])
      as u (id, from_state, to_state, unsent, code, message, bank_reference)
    where i.book_id = $1 and i.id = u.id and i.state = u.from_state
    returning ${hex('i.id')} as moved`,
  columns: (rows) => [
    rows.map((row) => row.id),
    rows.map((row) => row.from),
    rows.map((row) => row.to),
    rows.map((row) => row.unsent),
    rows.map((row) => row.code),
    rows.map((row) => row.message.slice(0, 300)),
    rows.map((row) => row.bankReference),
  ],
  key: (row) => row.id,
}

export const countNotFound: Effect<{ readonly id: Uuid; readonly before: number }> = {
  name: 'channels.count_not_found',
  sql: `update channels.instruction i set not_found = i.not_found + 1, not_found_at = $2
    from unnest($3::uuid[], $4::int[]) as u (id, before)
    where i.book_id = $1 and i.id = u.id and i.state = 'unknown' and i.not_found = u.before
    returning ${hex('i.id')} as moved`,
  columns: (rows) => [rows.map((row) => row.id), rows.map((row) => row.before)],
  key: (row) => row.id,
}

export interface NewInbound {
  readonly orgId: number
  readonly channel: string
  readonly inbound: Inbound
  readonly state: InboundState
  readonly toldBy: InboundWay
  /** Sealed; see `inboundPlace`. */
  readonly payerName: string | null
  readonly payerAccount: string | null
}

const flowKey = (channel: string, flow: string) => `${channel} ${flow}`

/** Does not move when the flow is known already. */
export const insertInbound: Effect<NewInbound> = {
  name: 'channels.record_inbound',
  sql: `insert into channels.inbound (book_id, org_id, channel, flow, sub_account, amount, kind, state,
      told_by, payer_name, payer_account, memo, business_date, return_of, recorded_at)
    select $1, u.*, $2 from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[],
      $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
      $15::text[]) as u
    on conflict (book_id, channel, flow) do nothing
    returning channel || ' ' || flow as moved`,
  columns: (rows) => [
    rows.map((row) => row.orgId),
    rows.map((row) => row.channel),
    rows.map((row) => row.inbound.flow),
    rows.map((row) => row.inbound.subAccount),
    rows.map((row) => row.inbound.amount),
    rows.map((row) => row.inbound.kind),
    rows.map((row) => row.state),
    rows.map((row) => row.toldBy),
    rows.map((row) => row.payerName),
    rows.map((row) => row.payerAccount),
    rows.map((row) => row.inbound.memo),
    rows.map((row) => row.inbound.date),
    rows.map((row) => row.inbound.returnOf ?? ''),
  ],
  key: (row) => flowKey(row.channel, row.inbound.flow),
}

/** Books an entry that was held, once the bank's list or file tells the same amount. */
export const bookHeld: Effect<{
  readonly channel: string
  readonly flow: string
  readonly amount: bigint
}> = {
  name: 'channels.book_held',
  sql: `update channels.inbound i set state = 'booked'
    from unnest($3::text[], $4::text[], $5::bigint[]) as u (channel, flow, amount)
    where i.book_id = $1 and i.channel = u.channel and i.flow = u.flow and i.amount = u.amount
      and i.state = 'held' and $2::timestamptz is not null
    returning i.channel || ' ' || i.flow as moved`,
  columns: (rows) => [
    rows.map((row) => row.channel),
    rows.map((row) => row.flow),
    rows.map((row) => row.amount),
  ],
  key: (row) => flowKey(row.channel, row.flow),
}

interface InstructionRow {
  book_id: number
  org_id: number
  id: Uuid
  channel: string
  operation: Operation
  reference: string
  owner: string
  step: Uuid
  amount: bigint
  state: InstructionState
  sends: number
  valid_until: Date
  send_before: Date | null
  not_found: number
  not_found_at: Date | null
  code: string
  message: string
  bank_reference: string
  moved_at: Date
}

function instructionOf(row: InstructionRow): Instruction {
  return {
    book: row.book_id,
    orgId: row.org_id,
    id: row.id,
    channel: row.channel,
    operation: row.operation,
    reference: row.reference,
    owner: row.owner,
    step: row.step,
    amount: row.amount,
    state: row.state,
    sends: row.sends,
    validUntil: row.valid_until.getTime(),
    ...(row.send_before === null ? {} : { sendBefore: row.send_before.getTime() }),
    notFound: row.not_found,
    ...(row.not_found_at === null ? {} : { notFoundAt: row.not_found_at.getTime() }),
    code: row.code,
    message: row.message,
    bankReference: row.bank_reference,
    movedAt: row.moved_at.getTime(),
  }
}

export async function findInstruction(
  tx: Tx,
  book: number,
  by: { readonly id: Uuid } | { readonly reference: string },
): Promise<Instruction | undefined> {
  const [column, value] = 'id' in by ? ['id', by.id] : ['reference', by.reference]
  const rows = await tx.query<InstructionRow>(
    `select * from channels.instruction where book_id = $1 and ${column} = $2`,
    [book, value],
  )
  return rows[0] === undefined ? undefined : instructionOf(rows[0])
}

/** All instructions of a book, or of one aggregate, oldest first. */
export async function listInstructions(
  tx: Tx,
  book: number,
  owner?: string,
): Promise<Instruction[]> {
  const rows = await tx.query<InstructionRow>(
    `select * from channels.instruction where book_id = $1 and ($2::text is null or owner = $2)
     order by intended_at, id`,
    [book, owner ?? null],
  )
  return rows.map(instructionOf)
}

export interface RecordedInbound {
  readonly flow: string
  readonly subAccount: string
  readonly amount: bigint
  readonly kind: Inbound['kind']
  readonly state: InboundState
  readonly date: string
  readonly returnOf: string
}

const INBOUND = `select flow, sub_account as "subAccount", amount, kind, state,
  business_date as "date", return_of as "returnOf" from channels.inbound`

export async function findInbound(
  tx: Tx,
  at: { readonly book: number; readonly channel: string; readonly flow: string },
): Promise<RecordedInbound | undefined> {
  const rows = await tx.query<RecordedInbound>(
    `${INBOUND} where book_id = $1 and channel = $2 and flow = $3`,
    [at.book, at.channel, at.flow],
  )
  return rows[0]
}

export async function listInbound(
  tx: Tx,
  at: { readonly book: number; readonly channel: string },
): Promise<RecordedInbound[]> {
  return tx.query<RecordedInbound>(
    `${INBOUND} where book_id = $1 and channel = $2 order by business_date, flow`,
    [at.book, at.channel],
  )
}
