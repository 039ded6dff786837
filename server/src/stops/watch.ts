/**
 * Keeps what stands in memory on every replica: who sends asks there, just before. The table is read on
 * a connection of its own, whenever a change is told on it and every half second besides, because what
 * is told is lost with the connection it was told on.
 *
 * The one thing to get wrong: to go on with what was read last when nothing can be read any more. After
 * three seconds without a look everything that sends is stopped, until there is one again.
 */
import type pg from 'pg'
import type { Clock, Db, Log } from '#base'
import { createStanding, type Party, type Standing } from './standing.ts'
import { type Asks, type Freeze, STOPS_CHANNEL, standingFreezes, standingPauses } from './store.ts'

/** How often the table is read when nothing is told. */
const POLL_MS = 500

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

export interface Watch extends Omit<Standing, 'take' | 'newParties'> {
  /** Reads what stands. Rejects when it cannot be read. */
  refresh(): Promise<void>
  /** Begins to look. */
  start(): Promise<void>
  /** Waits for the look that is under way, if one is. */
  settled(): Promise<void>
  stop(): Promise<void>
}

export function createWatch(options: WatchOptions): Watch {
  const { wall, log } = options
  const standing = createStanding(options)
  const listening = createListening(options, () => wake())
  let looking: Promise<void> = Promise.resolve()
  let told = false
  let stopping = false
  let waking = new AbortController()
  let loop: Promise<void> | undefined
  let failing = false

  const wake = () => {
    told = true
    waking.abort()
  }

  const refresh = (): Promise<void> => {
    const run = looking.then(() => look(options, standing, listening))
    looking = run.catch(() => undefined)
    return run
  }

  const noted = async (): Promise<void> => {
    try {
      await refresh()
      if (failing) log.info({}, 'the stops can be read again')
      failing = false
    } catch (error) {
      const says = 'the stops cannot be read; nothing is sent three seconds after the last look'
      if (!failing) log.error({ error }, says)
      failing = true
    }
  }

  const round = async (): Promise<void> => {
    waking = new AbortController()
    if (!told) await wall.sleep(POLL_MS, 'stops', waking.signal)
    told = false
    if (!stopping) await noted()
  }

  return {
    ...standing,
    refresh,
    start: async () => {
      await noted()
      loop ??= (async () => {
        while (!stopping) await round()
      })()
    },
    settled: () => looking,
    stop: async () => {
      stopping = true
      wake()
      await loop
      await looking
      await listening.drop()
    },
  }
}

type Listening = ReturnType<typeof createListening>

async function look(
  { wall, clock, onLook, onNewParties }: WatchOptions,
  standing: Standing,
  listening: Listening,
): Promise<void> {
  // Counted from before the question: what changed while it was answered may not be in the answer.
  const askedAt = wall.mono()
  try {
    const on = await listening.connection()
    const pauses = await standingPauses(on)
    const freezes = await standingFreezes(on, clock.now())
    onNewParties(standing.newParties(freezes))
    standing.take({ pauses, freezes }, askedAt)
    onLook(freezes)
  } catch (error) {
    await listening.drop()
    throw error
  }
}

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
