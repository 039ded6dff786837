/**
 * What stands now, in memory on every replica: who sends asks here, just before. The table is read on
 * a connection of its own, whenever a change is told on it and every half second besides, because what
 * is told is lost with the connection it was told on.
 *
 * The one thing to get wrong: to go on with what was read last when nothing can be read any more. After
 * three seconds without a look everything that sends is stopped, until there is one again.
 */
import type pg from 'pg'
import type { Clock, Db, Instant, Log } from '#base'
import { covers, type Movement, type Stopped } from './scope.ts'
import {
  type Asks,
  type Freeze,
  isInForce,
  type Pause,
  pauseId,
  STOPS_CHANNEL,
  standingFreezes,
  standingPauses,
} from './store.ts'

/** How often the table is read when nothing is told. */
export const POLL_MS = 500
/** How old the last look may be. */
export const BLIND_MS = 3_000

export interface WatchOptions {
  readonly db: Db
  /** Business time: orders end by it. */
  readonly clock: Pick<Clock, 'now'>
  /** The machinery's clock: the wall's in production, whatever business time does. */
  readonly wall: Pick<Clock, 'mono' | 'sleep'>
  readonly log: Log
  /** Called with the orders in force after each look, which does not wait for what it begins. */
  readonly onLook: (freezes: readonly Freeze[]) => void
  /** Called before orders that were not known count, with the parties they are the first for. */
  readonly onNewParties: (parties: readonly Party[]) => void
}

export interface Party {
  readonly orgId: number
  readonly holder: string
}

export interface Watch {
  /** False when nothing can be stopped: one comparison of the clock and one of a length. */
  any(): boolean
  /** Why a movement may not be sent now; `undefined` when it may. */
  stoppedBy(movement: Movement): Stopped | undefined
  /** Whether an order against this holder is in force. */
  isFrozen(orgId: number, holder: string): boolean
  /** Whether the last look is too old to go by. */
  isBlind(): boolean
  /** Reads what stands. Rejects when it cannot be read. */
  refresh(): Promise<void>
  /** Begins to look. */
  start(): Promise<void>
  /** Waits for the look that is under way, if one is. */
  settled(): Promise<void>
  stop(): Promise<void>
}

const NEVER = Number.NEGATIVE_INFINITY
const partyKey = ({ orgId, holder }: Party) => `${orgId} ${holder}`

export function createWatch(options: WatchOptions): Watch {
  const { wall, clock, log } = options
  const listening = createListening(options, () => wake())
  let pauses: readonly Pause[] = []
  let freezes: readonly Freeze[] = []
  let parties: ReadonlySet<string> = new Set()
  let readAt = NEVER
  let readOn: Instant = clock.now()
  let reading: Promise<void> = Promise.resolve()
  let told = false
  let stopping = false
  let waking = new AbortController()
  let loop: Promise<void> | undefined
  let failing = false

  const wake = () => {
    told = true
    waking.abort()
  }

  const look = async (): Promise<void> => {
    // Counted from before the question: what changed while it was answered may not be in the answer.
    const asked = wall.mono()
    const on = await listening.connection()
    const nextPauses = await standingPauses(on)
    const nextFreezes = await standingFreezes(on, clock.now())
    const nextParties = new Set(nextFreezes.map(partyKey))
    options.onNewParties(nextFreezes.filter((each) => !parties.has(partyKey(each))))
    pauses = nextPauses
    freezes = nextFreezes
    parties = nextParties
    readAt = asked
    readOn = clock.now()
  }

  const refresh = (): Promise<void> => {
    const run = reading.then(async () => {
      try {
        await look()
      } catch (error) {
        await listening.drop()
        throw error
      }
      options.onLook(freezes)
    })
    reading = run.catch(() => undefined)
    return run
  }

  const isBlind = () => wall.mono() - readAt > BLIND_MS

  const round = async (): Promise<void> => {
    waking = new AbortController()
    if (!told) await wall.sleep(POLL_MS, 'stops', waking.signal)
    told = false
    if (stopping) return
    try {
      await refresh()
      if (failing) log.info({}, 'the stops can be read again')
      failing = false
    } catch (error) {
      if (!failing) log.error({ error }, 'the stops cannot be read; soon nothing is sent any more')
      failing = true
    }
  }

  return {
    any: () => pauses.length > 0 || isBlind(),
    stoppedBy: (movement) => {
      if (isBlind()) return { ...BLIND, since: readOn }
      const found = pauses.find(
        ({ orgId, scope }) => orgId === movement.orgId && covers(scope, movement),
      )
      return found && stoppedOf(found)
    },
    isFrozen: (orgId, holder) =>
      parties.has(partyKey({ orgId, holder })) &&
      freezes.some(
        (each) => each.orgId === orgId && each.holder === holder && isInForce(each, clock.now()),
      ),
    isBlind,
    refresh,
    start: async () => {
      await refresh().catch((error: unknown) => {
        failing = true
        log.error({ error }, 'the stops cannot be read; nothing is sent until they can')
      })
      loop ??= (async () => {
        while (!stopping) await round()
      })()
    },
    settled: () => reading,
    stop: async () => {
      stopping = true
      wake()
      await loop
      await reading
      await listening.drop()
    },
  }
}

const stoppedOf = ({ id, pausedBy, reason, pausedAt }: Pause): Stopped => ({
  pause: pauseId(id),
  by: pausedBy,
  why: reason,
  since: pausedAt,
})

const BLIND = {
  pause: '',
  by: 'platform',
  why: 'What is paused cannot be read from the database, so nothing is sent until it can',
} as const

/** The connection that is told of changes, made anew when it was lost. */
function createListening({ db }: WatchOptions, onTold: () => void) {
  let client: pg.Client | undefined
  const open = async (): Promise<pg.Client> => {
    const opened = await db.connect({
      applicationName: 'tenon stops',
      settings: { statement_timeout: '2000' },
    })
    const lost = () => {
      if (client === opened) client = undefined
    }
    opened.on('error', lost)
    opened.on('end', lost)
    opened.on('notification', onTold)
    client = opened
    await opened.query(`listen ${STOPS_CHANNEL}`)
    return opened
  }
  return {
    connection: async (): Promise<Asks> => {
      const on = client ?? (await open())
      return {
        query: async <T extends object>(sql: string, params?: readonly unknown[]) =>
          (await on.query(sql, params as unknown[] | undefined)).rows as T[],
      }
    },
    drop: async () => {
      const lost = client
      client = undefined
      await lost?.end().catch(() => undefined)
    },
  }
}
