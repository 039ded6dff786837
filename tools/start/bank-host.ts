/** The custody bank simulator as a process of its own, for `npm start`. */
import { startCustodyBank } from '../../simulators/custody-bank/index.ts'
import type { ToBank } from './bank.ts'
import { hostSimulator } from './simulator-host.ts'

hostSimulator(async (options: ToBank, trouble) => {
  const bank = await startCustodyBank({ ...options, onError: trouble })
  return { up: bank.url, close: () => bank.close() }
})
