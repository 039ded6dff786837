/**
 * What is to be stopped, in the order of its end: the last started first. A signal during the start
 * stops what is up by then; the rest notices at its next step.
 */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
/** Ctrl-C comes twice when npm passes on what the terminal has sent already. */
const SAME_PRESS_MS = 1_000

export interface Stops {
  add(name: string, stop: () => Promise<unknown>): void
  stop(): Promise<number>
  /** Waits for a signal and for the stop it causes; gives the exit code. */
  untilSignal(): Promise<number>
  readonly signalled: boolean
  readonly signal: AbortSignal
  /** Ends a start that was told to stop. */
  throwIfStopping(): void
}

export function createStops(complain: (line: string) => void): Stops {
  const parts: { name: string; stop: () => Promise<unknown> }[] = []
  const told = new AbortController()
  let toldAt = 0
  let code = 0
  let stopping: Promise<unknown> = Promise.resolve()

  const stopAll = async (): Promise<number> => {
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      try {
        const ended = await part.stop()
        if (typeof ended === 'number' && ended !== 0) code = ended
      } catch (error) {
        code = 1
        complain(`The ${part.name} did not stop in order: ${(error as Error).message}`)
      }
    }
    return code
  }
  /** Called again it stops what was added since. */
  const stop = (): Promise<number> => {
    const ended = stopping.then(stopAll)
    stopping = ended
    return ended
  }

  for (const name of SIGNALS) {
    process.on(name, () => {
      if (!told.signal.aborted) {
        toldAt = performance.now()
        told.abort()
        void stop()
      } else if (performance.now() - toldAt > SAME_PRESS_MS) {
        complain('Told twice to stop: ending at once. The next start recovers.')
        process.exit(1)
      }
    })
  }

  return {
    add: (name, stopPart) => {
      parts.push({ name, stop: stopPart })
    },
    stop,
    untilSignal: async () => {
      // A promise does not keep the process up; a server with open sockets does, and this too.
      const up = setInterval(() => undefined, 2 ** 30)
      await new Promise<void>((resolve) => {
        if (told.signal.aborted) resolve()
        else told.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      const ended = await stop()
      clearInterval(up)
      return ended
    },
    get signalled() {
      return told.signal.aborted
    },
    signal: told.signal,
    throwIfStopping: () => {
      if (told.signal.aborted) throw new Error('told to stop')
    },
  }
}
