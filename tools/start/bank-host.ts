/**
 * The custody bank simulator as a process of its own, for `npm start`. It is told by its parent how to
 * start, and ends when its parent does, however that ends: a bank left behind would keep its port.
 */
import { startCustodyBank } from '../../simulators/custody-bank/index.ts'
import type { FromBank, ToBank } from './bank.ts'

let started = false
let close: () => Promise<void> = async () => {}

const say = (message: FromBank) => {
  if (process.connected) process.send!(message)
}

async function start(options: ToBank): Promise<void> {
  try {
    const bank = await startCustodyBank({
      ...options,
      onError: (error) => say({ kind: 'trouble', says: error.message }),
    })
    close = () => bank.close()
    say({ kind: 'up', url: bank.url })
  } catch (error) {
    say({ kind: 'failed', says: (error as Error).message })
  }
}

function end(): void {
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
  void start(options as ToBank)
})
process.on('disconnect', end)
process.on('SIGTERM', end)
// Ctrl-C reaches the whole group; the server stops first, and then disconnects.
process.on('SIGINT', () => undefined)
