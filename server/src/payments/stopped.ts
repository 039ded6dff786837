/**
 * What is paused: nothing of it is opened, and nothing of it is sent. An attempt that was intended stays
 * so and is looked at again; what rails tell is recorded as ever.
 */
import type { Movement, Stopped } from '#channels'
import type { Attempt } from './attempt.ts'
import type { PaymentsOptions } from './context.ts'
import type { DeskContext } from './desk-context.ts'

type Asked = Pick<PaymentsOptions, 'stops' | 'orgId'>

/** Why a movement may not begin now; `undefined` when it may. */
export function stopOf(
  { stops, orgId }: Asked,
  movement: Omit<Movement, 'orgId'>,
): Stopped | undefined {
  return stops?.any() === true ? stops.stoppedBy({ ...movement, orgId }) : undefined
}

const NONE: readonly string[] = []

/** The channels over which a movement may not begin now. */
export function stoppedChannels(
  context: Asked & { readonly desk: { channels(): readonly { readonly name: string }[] } },
  movement: Omit<Movement, 'orgId' | 'channel'>,
): readonly string[] {
  if (context.stops?.any() !== true) return NONE
  return context.desk
    .channels()
    .map(({ name }) => name)
    .filter((channel) => stopOf(context, { ...movement, channel }) !== undefined)
}

/** The holder of an account, as pauses name a merchant. */
export function merchantOf(
  { ledger }: Pick<PaymentsOptions, 'ledger'>,
  at: { readonly book: number; readonly account: string },
): { readonly merchant?: string } {
  const holder = ledger.writer(at.book).account(at.account)?.holder
  return holder === undefined ? {} : { merchant: holder }
}

/** Why an attempt may not be sent now; asked just before the first byte. */
export async function stopOfAttempt(
  desk: DeskContext,
  attempt: Attempt,
): Promise<Stopped | undefined> {
  if (desk.stops?.any() !== true) return undefined
  const { orgId, book, direction, channel } = attempt
  const merchant = await desk.owner(direction).merchant?.(attempt)
  return desk.stops.stoppedBy({
    ...{ orgId, book, direction, channel },
    ...(merchant === undefined ? {} : { merchant }),
  })
}

/** Who, why and since when, for the detail of a refusal. */
export function stoppedText({ by, why, since }: Stopped): string {
  return `(${why}; by ${by}, since ${new Date(since).toISOString()})`
}
