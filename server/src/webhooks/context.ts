/** What every part of webhooks works with. */
import type { Clock, Net, PersonalSeal, Uuid, World } from '#base'
import type { GiveUp } from './schedule.ts'

/** The wall clock: signatures, secrets and listeners live on it, whatever business time it is. */
export type Wall = Clock

export interface WebhooksContext {
  readonly world: Pick<World, 'clock' | 'rng' | 'ids' | 'db' | 'log'>
  readonly wall: Wall
  readonly seal: PersonalSeal
  /** The guarded network (`outsideNet`), which keeps `REPLY_BYTES_KEPT` of a reply. */
  readonly net: Net
  /** Samples may be triggered, and endpoints on this machine are taken. */
  readonly sandbox: boolean
  /** Why a URL is not taken now; `undefined` when it is. */
  refuseUrl(url: string): Promise<string | undefined>
  /** The currency of a book; of book 0, the configuration, the installation's own. */
  currencyOf(book: number): string | Promise<string>
  /** The public id of an organisation, as events name it. */
  orgName(orgId: number): string | Promise<string>
  /** Called when due work was planned. */
  onPlanned(): void
  readonly giveUp: GiveUp
}

/** Due work that sends the next delivery of a lane. */
export const DELIVER = 'webhooks.deliver'

/** The replay of a first telling. */
export const NO_REPLAY: Uuid = '0'.repeat(32)

/**
 * The deliveries of one aggregate's events to one endpoint, which go one after another. Replays have a
 * lane of their own: they neither wait for what has not got through nor hold it up.
 */
export interface Lane {
  readonly book: number
  readonly orgId: number
  readonly endpoint: Uuid
  readonly epoch: number
  readonly aggregate: string
  readonly replay: boolean
}
