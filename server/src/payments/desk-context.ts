/** What the parts of the attempt desk share: channels, owners, what was seen last, and due work. */
import {
  applied,
  Bug,
  type DueWork,
  type EffectRow,
  forgetDue,
  planDue,
  present,
  type Uuid,
} from '#base'
import type { Direction, PaymentChannel, Question } from '#channels'
import type { Attempt, AttemptOwner, CallbackEars } from './attempt.ts'
import { findAttempt } from './attempt-store.ts'
import type { PaymentsContext, PaymentsOptions } from './context.ts'
import { RecentAttempts } from './recent.ts'
import { Turns } from './turns.ts'

export interface DeskContext extends PaymentsOptions {
  readonly command: PaymentsContext['command']
  readonly recent: RecentAttempts
  /** By attempt: a callback often comes while the reply to the order is being recorded. */
  readonly turns: Turns
  readonly ears: CallbackEars
  attach(channel: PaymentChannel): void
  listen(ears: CallbackEars): void
  /** Throws when it is not attached. */
  channel(name: string): PaymentChannel
  channelOrNone(name: string): PaymentChannel | undefined
  channels(): readonly PaymentChannel[]
  register(direction: Direction, owner: AttemptOwner): void
  owner(direction: Direction): AttemptOwner
}

export function createDeskContext(
  options: PaymentsOptions,
  command: PaymentsContext['command'],
): DeskContext {
  const channels = new Map<string, PaymentChannel>()
  const owners = new Map<Direction, AttemptOwner>()
  let ears: CallbackEars = {}
  return {
    ...options,
    command,
    recent: new RecentAttempts(),
    turns: new Turns(),
    get ears() {
      return ears
    },
    attach: (channel) => {
      channels.set(channel.name, channel)
    },
    listen: (more) => {
      ears = { ...ears, ...more }
    },
    channel: (name) => present(channels.get(name), `channel ${name} is attached`),
    channelOrNone: (name) => channels.get(name),
    channels: () => [...channels.values()],
    register: (direction, owner) => {
      owners.set(direction, owner)
    },
    owner: (direction) => present(owners.get(direction), `attempts to ${direction} have an owner`),
  }
}

/** Kinds of due work. */
export const SEND = 'payments.send_attempt'
export const ASK = 'payments.ask_attempt'

/** The key of a send: how often it came back unsent fences off the earlier ones. */
export const sendKey = ({ id, sends }: Pick<Attempt, 'id' | 'sends'>) => `${id}/${sends}`

export const planSend = (attempt: Attempt, dueAt: number): EffectRow =>
  applied(planDue, {
    orgId: attempt.orgId,
    kind: SEND,
    key: sendKey(attempt),
    dueAt,
    payload: null,
  })

/** An attempt has one question planned from the moment it may have left until it is final. */
export const planAsk = (attempt: Attempt, dueAt: number): EffectRow =>
  applied(planDue, { orgId: attempt.orgId, kind: ASK, key: attempt.id, dueAt, payload: null })

export const forgetAsk = (id: Uuid): EffectRow => applied(forgetDue, { kind: ASK, key: id })

export const forget = ({ kind, key }: DueWork): EffectRow => applied(forgetDue, { kind, key })

export async function loadAttempt(desk: DeskContext, book: number, id: Uuid): Promise<Attempt> {
  const found = await findAttempt(desk.db, book, { id })
  if (found === undefined) throw new Bug(`no attempt ${id} in book ${book}`)
  desk.recent.keep(found)
  return found
}

export function questionOf(attempt: Attempt): Question {
  const { direction, reference, at, channelReference } = attempt
  return {
    direction,
    reference,
    at,
    ...(channelReference === '' ? {} : { channelReference }),
  }
}
