/** The sandbox's rails as a process of their own, for `npm start`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { addressesOf, channelFile } from '../rails/channel-file.ts'
import { keptRailKeys } from '../rails/keys.ts'
import { type Rails, startRails } from '../rails/rails.ts'
import type { ToRails } from './rails.ts'
import { hostSimulator } from './simulator-host.ts'

/** Where our bank account begins to be read. */
const FIRST_DATE = '20260101'
/** A payer of the sandbox pays within two seconds, unless the amount says otherwise. */
const PAY_AFTER_MS = 2_000

/** Rails that pay out of a balance we hold with them; minor units. */
const FUNDED = ['netsunion', 'unionpay'] as const
const FUNDING = 10_000_000_00n

/** Once: the balance is kept in the rail's journal. */
async function fund(rails: Rails): Promise<void> {
  for (const name of FUNDED) {
    const { admin } = rails[name]
    if (admin.movements().some(({ kind }) => kind === 'funding')) continue
    await admin.fund(FUNDING, 'opening balance of the sandbox')
  }
}

hostSimulator(async (to: ToRails, trouble) => {
  const keys = await keptRailKeys(to.keysFile)
  await mkdir(to.folder, { recursive: true, mode: 0o700 })
  const { ports, callbacks, folder } = to
  const rails = await startRails({
    ...{ keys, ports, callbacks, folder, onError: trouble },
    payAfterMs: PAY_AFTER_MS,
  })
  await fund(rails)
  const addresses = addressesOf(rails)
  const text = channelFile({ addresses, keys, callbacks, firstDate: FIRST_DATE })
  await writeFile(to.channelFile, text, { mode: 0o600 })
  return { up: addresses, close: () => rails.close() }
})
