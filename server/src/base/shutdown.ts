/**
 * A clean end: on SIGTERM or SIGINT the parts stop one after another, the last started first, so that
 * nobody is asked for work by a part that stopped before it. Past the deadline the process ends
 * anyway, and says which part kept it; that is safe, because every promise Tenon made is committed.
 */
import type { Log } from './log.ts'

export interface Shutdown {
  /** Registers how to stop a part, right after the part has started. */
  add(name: string, stop: () => Promise<unknown> | unknown): void
  /** Stops all parts. Called again it gives the same run. Returns the exit code, 0 when clean. */
  stop(reason: string): Promise<number>
  /** Stops and exits on SIGTERM and SIGINT; a second signal exits at once. */
  onSignals(): void
}

export interface ShutdownOptions {
  log: Log
  deadlineMs: number
  /** Ends the process; a test gives its own. */
  exit?: (code: number) => void
}

export function createShutdown({ log, deadlineMs, exit }: ShutdownOptions): Shutdown {
  const parts: { name: string; stop: () => Promise<unknown> | unknown }[] = []
  const end = exit ?? ((code: number) => process.exit(code))
  let running: Promise<number> | undefined

  const stopAll = async (reason: string): Promise<number> => {
    log.info({ reason }, 'stopping')
    let code = 0
    let current = ''
    const work = async () => {
      for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
        current = part.name
        try {
          await part.stop()
          log.debug({ part: part.name }, 'stopped')
        } catch (error) {
          code = 1
          log.error({ part: part.name, error }, 'a part failed to stop')
        }
      }
      return true
    }
    if (await withinMs(work(), deadlineMs)) {
      log.info({ reason }, 'stopped')
      return code
    }
    const left = parts.map((part) => part.name)
    log.error({ part: current, left }, `a part did not stop within ${deadlineMs} ms`)
    return 1
  }

  const stop = (reason: string): Promise<number> => {
    running ??= stopAll(reason)
    return running
  }

  return {
    add: (name, stopPart) => parts.push({ name, stop: stopPart }),
    stop,
    onSignals: () => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.on(signal, () => {
          if (running !== undefined) {
            log.warn({ signal }, 'a second signal: ending at once')
            return end(1)
          }
          void stop(signal).then(end)
        })
      }
    },
  }
}

/** `true` when the work ended in time. */
async function withinMs(work: Promise<boolean>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
