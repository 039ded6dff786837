/**
 * Records money that came in, once for each bank flow, however often and by whichever way the bank
 * tells it: notice, list or file. What only a notice tells, with an amount nobody waits for, is held
 * until the list agrees; where two ways name different amounts nothing more is booked.
 */
import { applied, type DueWork, type PersonalSeal, postponeDue } from '#base'
import { type DeskContext, finish, LIST, plan } from './context.ts'
import type { Parts } from './owner.ts'
import { ChannelUnavailable, type Inbound } from './port.ts'
import type { InboundWay } from './states.ts'
import * as store from './store.ts'

export type InboundTaken = 'booked' | 'held' | 'known' | 'differs'

const DAY_MS = 86_400_000
/** How far back the list is read: a notice may be lost over a long weekend. */
const LIST_DAYS = 5
/** The key of the due row that comes again and again; others are named by the flow they are about. */
export const EVERY = 'every'

interface Told {
  readonly book: number
  readonly inbound: Inbound
  readonly way: InboundWay
}

interface Decided {
  readonly taken: InboundTaken
  readonly parts: Parts | undefined
}

/** Records an entry as one command; the same one any number of times. */
export async function recordInbound(desk: DeskContext, told: Told): Promise<InboundTaken> {
  let taken: InboundTaken = 'known'
  await desk.command(told.book, async () => {
    const decided = await decide(desk, told)
    taken = decided.taken
    return decided.parts
  })
  return taken
}

async function decide(desk: DeskContext, told: Told): Promise<Decided> {
  const { book, inbound, way } = told
  const { channel } = desk.place(book)
  const at = { book, channel: channel.name, flow: inbound.flow }
  const known = await store.findInbound(desk.db, at)
  if (known === undefined) return firstTold(desk, told)
  if (known.amount !== inbound.amount || known.subAccount !== inbound.subAccount) {
    return { taken: 'differs', parts: await desk.owner.toldDifferently(book, known, inbound) }
  }
  if (known.state === 'booked' || way === 'notice') return { taken: 'known', parts: undefined }
  const { parts } = await desk.owner.received(book, inbound, { confirmed: true })
  const booked = applied(store.bookHeld, { ...at, amount: inbound.amount })
  return { taken: 'booked', parts: withRow(parts, inbound, [booked]) }
}

async function firstTold(desk: DeskContext, { book, inbound, way }: Told): Promise<Decided> {
  const { channel, orgId } = desk.place(book)
  const { state, parts } = await desk.owner.received(book, inbound, {
    confirmed: way !== 'notice',
  })
  const row = { orgId, channel: channel.name, inbound, state, toldBy: way }
  const effects = [applied(store.insertInbound, sealed(desk.seal, row))]
  // The bank's list settles it; the flow makes the question its own.
  if (state === 'held') {
    effects.push(plan(LIST, { orgId, key: inbound.flow, dueAt: desk.clock.now() }))
  }
  return { taken: state, parts: withRow(parts, inbound, effects) }
}

function withRow(parts: Parts, { flow }: Inbound, effects: Parts['effects'] & object): Parts {
  return {
    ...parts,
    roots: [...parts.roots, `inbound:${flow}`],
    effects: [...effects, ...(parts.effects ?? [])],
  }
}

/** Reads the bank's list of what came in and records it. */
export async function readList(desk: DeskContext, book: number): Promise<void> {
  const { channel } = desk.place(book)
  const now = desk.clock.now()
  const from = channel.businessDate(now - LIST_DAYS * DAY_MS)
  for (const inbound of await channel.listInbound(from, channel.businessDate(now))) {
    await recordInbound(desk, { book, inbound, way: 'list' })
  }
}

/** Due work: reads the list, now and then or because of one flow. A bank out of reach is asked later. */
export async function readListWhenDue(desk: DeskContext, work: DueWork): Promise<void> {
  const read = await readList(desk, work.book).then(
    () => true,
    (error: unknown) => {
      if (!(error instanceof ChannelUnavailable)) throw error
      desk.log.warn({ book: work.book, error }, 'the list of what came in could not be read')
      return false
    },
  )
  const dueAt = desk.clock.now() + desk.listEveryMs
  const over = read && work.key !== EVERY
  const effect = over ? finish(work) : applied(postponeDue, { ...work, dueAt })
  await desk.command(work.book, async () => ({ roots: [`list:${work.key}`], effects: [effect] }))
}

/** Where the payer's data of an entry is sealed. */
export function inboundPlace(orgId: number, channel: string, flow: string) {
  return { table: 'channels.inbound', org: orgId, row: `${channel}/${flow}` }
}

function sealed(
  seal: PersonalSeal,
  row: Omit<store.NewInbound, 'payerName' | 'payerAccount'>,
): store.NewInbound {
  const { payerName: name, payerAccount: account } = row.inbound
  const at = inboundPlace(row.orgId, row.channel, row.inbound.flow)
  return {
    ...row,
    payerName: name === undefined ? null : seal.seal(name, { ...at, column: 'payer_name' }),
    payerAccount:
      account === undefined ? null : seal.seal(account, { ...at, column: 'payer_account' }),
  }
}
