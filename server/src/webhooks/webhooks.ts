/** Webhooks put together: the subscriber, the due work, and what the routes call. */
import {
  type DueHandler,
  outsideNet,
  type PersonalSeal,
  type Resolver,
  type Subscriber,
  type World,
} from '#base'
import { DELIVER, type Wall, type WebhooksContext } from './context.ts'
import { deliverHandler } from './deliver.ts'
import { createEndpoints, type Endpoints, urlRefusal } from './endpoints.ts'
import { createListening, type Listening } from './listen.ts'
import { PRUNE, planPrune, pruneHandler } from './prune.ts'
import { createReplays, type Replays } from './replay.ts'
import { GIVE_UP, type GiveUp, REPLY_BYTES_KEPT } from './schedule.ts'
import { webhooksSubscriber } from './tell.ts'
import { createTrigger, type Trigger } from './trigger.ts'

export interface WebhooksOptions {
  readonly world: Pick<World, 'clock' | 'rng' | 'ids' | 'db' | 'log'>
  readonly wall: Wall
  readonly seal: PersonalSeal
  /** Takes endpoints on this machine and makes samples; never where real money moves. */
  readonly sandbox: boolean
  /** Instead of the machine's resolver. */
  readonly resolve?: Resolver
  /** The currency of a book; of book 0 any. */
  readonly currencyOf: (book: number) => string | Promise<string>
  /** The public id of an organisation. */
  readonly orgName: (orgId: number) => string | Promise<string>
  /** Called when due work was planned, to wake its sweeper. */
  readonly onPlanned?: () => void
  readonly giveUp?: GiveUp
}

export interface Webhooks {
  /** For the outbox relay, of every book and of book 0. */
  readonly subscriber: Subscriber
  /** For a due sweeper over all books: no book writer is needed. */
  readonly handlers: Readonly<Record<string, DueHandler>>
  readonly endpoints: Endpoints
  readonly replays: Replays
  readonly listening: Listening
  readonly trigger: Trigger
  readonly context: WebhooksContext
  /** Plans what goes on by itself; once per start. */
  start(): Promise<void>
  /** Ends the polls of listeners. */
  stop(): void
}

/** Builds webhooks; nothing runs until its subscriber and handlers are given to a relay and a sweeper. */
export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { world, wall, seal, sandbox, currencyOf, orgName, onPlanned = () => {} } = options
  const { resolve, giveUp = GIVE_UP } = options
  const rules = { loopback: sandbox }
  const given = resolve === undefined ? {} : { resolve }
  const net = outsideNet({
    ...{ clock: wall, rules, ...given, replyBytesKept: REPLY_BYTES_KEPT },
  })
  const context: WebhooksContext = {
    ...{ world, wall, seal, sandbox, net, currencyOf, orgName, onPlanned, giveUp },
    refuseUrl: (url) => urlRefusal(url, { rules, ...given }),
  }
  const listening = createListening(context)
  return {
    context,
    subscriber: webhooksSubscriber(context),
    handlers: { [DELIVER]: deliverHandler(context), [PRUNE]: pruneHandler(context) },
    endpoints: createEndpoints(context),
    replays: createReplays(context),
    listening,
    trigger: createTrigger(context),
    start: () => planPrune(context),
    stop: () => listening.stop(),
  }
}
