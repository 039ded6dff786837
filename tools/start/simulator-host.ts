/**
 * What a simulator's process of `npm start` does: it is told by its parent how to start, and ends when
 * its parent does, however that ends: a simulator left behind would keep its port.
 */
import type { FromSimulator } from './simulator.ts'

export interface Hosted<Up> {
  /** What the parent is told. */
  readonly up: Up
  close(): Promise<void>
}

/** Waits to be told how to start, once. `trouble` hears of errors that no caller is told of. */
export function hostSimulator<To, Up>(
  start: (options: To, trouble: (error: Error) => void) => Promise<Hosted<Up>>,
): void {
  let started = false
  let close: () => Promise<void> = async () => {}

  const say = (message: FromSimulator<Up>) => {
    // The parent may be gone by the time it is told; then this ends as well.
    if (process.connected) process.send!(message, () => undefined)
  }
  const open = async (options: To): Promise<void> => {
    try {
      const hosted = await start(options, (error) => say({ kind: 'trouble', says: error.message }))
      close = hosted.close
      say({ kind: 'up', up: hosted.up })
    } catch (error) {
      say({ kind: 'failed', says: (error as Error).message })
    }
  }
  const end = (): void => {
    // Whatever is left after this is rolled back by the database.
    setTimeout(() => process.exit(1), 5_000).unref()
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }

  process.on('message', (options) => {
    if (started) return
    started = true
    void open(options as To)
  })
  process.on('disconnect', end)
  process.on('SIGTERM', end)
  // Ctrl-C reaches the whole group; the server stops first, and then disconnects.
  process.on('SIGINT', () => undefined)
}
