/**
 * Notices to the platform's callback URL. A notice is a row written in the database tx of what it
 * tells; it is sent until the platform answers with a 2xx status, so it may come more than once.
 */
import type { Desk } from './book.ts'
import { addDue } from './due.ts'
import { formatYuan, parseYuan } from './money.ts'
import { type KeyPair, signNotice } from './signature.ts'
import type { Store } from './store.ts'

/** Waits before the second, third… attempt, in seconds of bank time; after the last the bank gives up. */
export const NOTICE_RETRY_SECONDS = [
  15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 21600,
]

const TEN_MINUTES_MS = 600_000

export type NoticeEvent = 'InboundTransfer' | 'WithdrawResult' | 'WithdrawReturned'

async function insertNotice(
  desk: Desk,
  event: NoticeEvent,
  body: object,
  held: boolean,
): Promise<string> {
  const [row] = await desk.tx.query<{ id: bigint }>(
    `insert into custody_bank.notice (event, body, state, held) values ($1, $2, 'waiting', $3) returning id`,
    [event, JSON.stringify(body), held],
  )
  return String(row!.id)
}

/** Lets the notices that were held back follow the one just queued. */
async function releaseHeld(desk: Desk): Promise<void> {
  const held = await desk.tx.query<{ id: bigint }>(
    'update custody_bank.notice set held = false where held returning id',
  )
  for (const { id } of held) {
    await desk.tx.query(`delete from custody_bank.due where kind = 'notice' and key = $1`, [
      String(id),
    ])
    await addDue(desk, { kind: 'notice', key: String(id), at: desk.now })
  }
}

/** Queues a notice, or what a fault makes of it. */
export async function queueNotice(
  desk: Desk,
  event: NoticeEvent,
  facts: Record<string, string>,
): Promise<void> {
  const { bank, tx, now } = desk
  const fault = bank.faults.take('notice')
  const body: Record<string, string> = {
    Event: event,
    MrchCode: bank.mrchCode,
    FundSummaryAcctNo: bank.poolNo,
    ...facts,
  }
  if (fault?.fault === 'wrong-amount-in-notice')
    body.TranAmt = formatYuan((parseYuan(facts.TranAmt!) ?? 0n) + fault.fen)
  const held = fault?.fault === 'out-of-order-notices'
  const key = await insertNotice(desk, event, body, held)
  if (fault?.fault === 'lost-notice') {
    await tx.query(`update custody_bank.notice set state = 'lost' where id = $1`, [key])
    return
  }
  const late = held || fault?.fault === 'late-notice'
  const at = late ? now + (fault?.ms ?? TEN_MINUTES_MS) : now
  const times = fault?.fault === 'duplicate-notice' ? 3 : 1
  for (let i = 0; i < times; i += 1) await addDue(desk, { kind: 'notice', key, at })
  if (!held) await releaseHeld(desk)
}

interface NoticeRow {
  id: bigint
  body: string
  attempts: number
}

export interface Post {
  url: string
  keys: KeyPair
  wall: () => number
}

async function post({ url, keys, wall }: Post, body: Buffer): Promise<boolean> {
  const { pathname, search } = new URL(url)
  const signed = signNotice(keys, wall(), { path: pathname + search, body })
  try {
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signed },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(5000),
      redirect: 'manual',
    })
    await reply.arrayBuffer()
    return reply.ok
  } catch {
    return false
  }
}

/**
 * Sends one notice once. Without a URL nothing is sent and the notice stays waiting.
 * Gives the milliseconds until the next attempt, or nothing when there is none.
 */
export async function sendNotice(
  store: Store,
  to: Post | undefined,
  id: string,
): Promise<number | undefined> {
  if (to === undefined) return undefined
  const [row] = await store.query<NoticeRow>(
    'select id, body, attempts from custody_bank.notice where id = $1',
    [id],
  )
  if (row === undefined) return undefined
  const body = Buffer.from(JSON.stringify({ NoticeId: id, ...(JSON.parse(row.body) as object) }))
  const taken = await post(to, body)
  const wait = taken ? undefined : NOTICE_RETRY_SECONDS[row.attempts]
  const state = taken ? 'delivered' : wait === undefined ? 'given_up' : 'waiting'
  await store.query(
    `update custody_bank.notice set attempts = attempts + 1, held = false,
       state = case when state = 'delivered' then state else $2 end where id = $1`,
    [id, state],
  )
  return wait === undefined ? undefined : wait * 1000
}
