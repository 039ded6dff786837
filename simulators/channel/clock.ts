/**
 * A rail's clock and what falls due on it. Wall time until an admin sets it; from then on it stands
 * still and moves only by `moveTo`, which stops at everything due on the way.
 *
 * One timer serves all: it waits for the earliest work. On wall time work is started in due order and
 * runs side by side; on a clock that stands still each piece is finished before the next begins.
 */
import type { Instant } from './contract.ts'

/**
 * Wall time, whatever the rail's clock says. The age of a signature is judged and stated by it, since
 * the other side stamps its own by its machine's clock. Simulators take wall time from here alone.
 */
export const wallNow = (): Instant => Date.now()

export type Work = () => void | Promise<void>

interface Item {
  readonly at: Instant
  readonly sequence: number
  readonly work: Work
}

const before = (a: Item, b: Item) => a.at < b.at || (a.at === b.at && a.sequence < b.sequence)

/** A binary heap: the earliest first, equal instants in the order they were added. */
class Heap {
  readonly #items: Item[] = []

  peek(): Item | undefined {
    return this.#items[0]
  }

  push(item: Item): void {
    const items = this.#items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(item, items[parent]!)) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = item
  }

  pop(): Item | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (first === undefined || last === undefined || items.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child += 1
      if (!before(items[child]!, last)) break
      items[at] = items[child]!
      at = child
    }
    items[at] = last
    return first
  }
}

export interface RailClock {
  now(): Instant
  /** Does `work` once the clock has reached `at`. */
  add(at: Instant, work: Work): void
  nextDueAt(): Instant | undefined
  /** Stops the clock at an instant, doing what falls due on the way; `undefined`: wall time again. */
  moveTo(at: Instant | undefined): Promise<void>
  /** Does everything due now, and waits until it is done. */
  idle(): Promise<void>
  /** Ends: nothing is started any more, and what runs is waited for. */
  stop(): Promise<void>
}

const LONGEST_WAIT_MS = 60_000

export function createRailClock(onError: (error: Error) => void): RailClock {
  const heap = new Heap()
  const running = new Set<Promise<void>>()
  let fixed: Instant | undefined
  let sequence = 0
  let stopped = false
  let kicked = false
  let timer: NodeJS.Timeout | undefined
  let timerAt = Number.POSITIVE_INFINITY
  let last: Promise<void> = Promise.resolve()

  const now = () => fixed ?? wallNow()
  const fail = (error: unknown) =>
    onError(error instanceof Error ? error : new Error(String(error)))
  const start = (item: Item): Promise<void> | undefined => {
    try {
      const done = item.work()
      if (done === undefined) return undefined
      const watched = done.catch(fail).finally(() => running.delete(watched))
      running.add(watched)
      return watched
    } catch (error) {
      fail(error)
      return undefined
    }
  }
  /** Starts, or on a standing clock finishes, all that is due at `until`. */
  const runDue = async (until: Instant, oneByOne: boolean) => {
    for (let item = heap.peek(); item !== undefined && item.at <= until; item = heap.peek()) {
      if (stopped) return
      heap.pop()
      const done = start(item)
      if (oneByOne && done !== undefined) await done
    }
  }
  const inTurn = (piece: () => Promise<void>): Promise<void> => {
    const result = last.then(piece)
    last = result.catch(() => {})
    return result
  }
  const wake = () => {
    const next = heap.peek()
    if (stopped || fixed !== undefined || next === undefined || next.at >= timerAt) return
    clearTimeout(timer)
    timerAt = next.at
    timer = setTimeout(
      () => {
        timerAt = Number.POSITIVE_INFINITY
        kick()
      },
      Math.min(Math.max(next.at - wallNow(), 1), LONGEST_WAIT_MS),
    )
    timer.unref()
  }
  const kick = () => {
    if (kicked || stopped) return
    kicked = true
    setImmediate(() => {
      kicked = false
      if (fixed !== undefined) {
        void inTurn(() => runDue(now(), true)).catch(fail)
        return
      }
      void runDue(wallNow(), false).then(wake, fail)
    })
  }
  return {
    now,
    add(at, work) {
      sequence += 1
      heap.push({ at, sequence, work })
      if (at <= now()) kick()
      else wake()
    },
    nextDueAt: () => heap.peek()?.at,
    moveTo: (at) =>
      inTurn(async () => {
        const target = at ?? wallNow()
        await Promise.all(running)
        for (let item = heap.peek(); item !== undefined && item.at <= target; item = heap.peek()) {
          if (stopped) return
          fixed = Math.max(now(), item.at)
          heap.pop()
          await start(item)
        }
        fixed = at
        timerAt = Number.POSITIVE_INFINITY
        wake()
      }),
    idle: () =>
      inTurn(async () => {
        do {
          await runDue(now(), fixed !== undefined)
          await Promise.all(running)
        } while ((heap.peek()?.at ?? Number.POSITIVE_INFINITY) <= now() && !stopped)
      }),
    async stop() {
      stopped = true
      clearTimeout(timer)
      await Promise.all(running)
      await last
    },
  }
}

const SHANGHAI_MS = 8 * 3_600_000
export const DAY_MS = 86_400_000

/** `yyyymmddhhmmss` in Shanghai, which is UTC+8 all year. */
export function shanghai(at: Instant): string {
  return new Date(at + SHANGHAI_MS).toISOString().replace(/\D/g, '').slice(0, 14)
}

/** `yyyy-mm-ddThh:mm:ss` in Shanghai. */
export function shanghaiTime(at: Instant): string {
  return new Date(at + SHANGHAI_MS).toISOString().slice(0, 19)
}

/** Midnight in Shanghai of a `yyyymmdd`; `undefined` when there is no such day. */
export function startOfDate(date: string): Instant | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(date)
  if (match === null) return undefined
  const at = Date.parse(`${match[1]}-${match[2]}-${match[3]}T00:00:00+08:00`)
  return Number.isNaN(at) || shanghai(at).slice(0, 8) !== date ? undefined : at
}
