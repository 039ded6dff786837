/** Closed loops: a number of callers, each of which asks again as soon as it has its answer. */

export interface CallersOptions {
  readonly callers: number
  /** When to stop: after so many seconds, or once so many calls were begun. */
  readonly seconds?: number
  readonly calls?: number
  /** One call by caller `caller`; resolves to what it counts for. */
  readonly call: (caller: number) => Promise<number>
  /** Keeps the milliseconds of every call. Costs memory, so only where asked for. */
  readonly timed?: boolean
}

/** Runs the callers until it is time to stop and every answer is in. Ends on the first error. */
export async function runCallers(
  options: CallersOptions,
): Promise<{ count: number; latencies: number[] }> {
  const { callers, seconds, calls = Number.POSITIVE_INFINITY, call, timed = false } = options
  const latencies: number[] = []
  let count = 0
  let begun = 0
  let stopped = false
  const stop = () => {
    stopped = true
  }
  const timer = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000)
  const plain = async (caller: number) => {
    while (!stopped && begun++ < calls) {
      // Not `count += await …`: that reads the sum before it waits, and other callers' counts are lost.
      const done = await call(caller)
      count += done
    }
  }
  const clocked = async (caller: number) => {
    while (!stopped && begun++ < calls) {
      const began = performance.now()
      const done = await call(caller)
      count += done
      latencies.push(performance.now() - began)
    }
  }
  const run = timed ? clocked : plain
  try {
    await Promise.all(Array.from({ length: callers }, (_, caller) => run(caller)))
  } finally {
    stopped = true
    clearTimeout(timer)
  }
  return { count, latencies }
}
