/**
 * A process that opens the ledger, says so, and puts load on until it is killed. Arguments: the url of
 * the database, the number of its accounts.
 */
import { post } from '../../server/src/ledger/index.ts'
import { runCallers } from './callers.ts'
import { accountId, openEngine } from './engine.ts'
import { Dice, RandomPool } from './random-pool.ts'

/** So many that the queue is never empty: balances then lag behind, and a start has to replay. */
const CALLERS = 6_000
/** As many different ids as keep the generator itself light. */
const CHOSEN = 20_000

const [url, accounts] = [process.argv[2]!, Number(process.argv[3])]
const { writer } = await openEngine(url)
process.send!('open')

process.on('message', async ({ load }: { load: number }) => {
  const dice = new Dice(17)
  const pool = new RandomPool()
  const ids = Array.from({ length: CHOSEN }, () => accountId(1 + dice.below(accounts)))
  const call = async () => {
    const debit = ids[dice.below(CHOSEN)]!
    const credit = ids[dice.below(CHOSEN)]!
    if (debit === credit) return 0
    const result = await writer.transfer(post(pool.hex(), debit, credit, 1n))
    if (result.status !== 'accepted') throw new Error(`refused: ${result.code}`)
    return 1
  }
  setTimeout(() => process.send!('loaded'), load * 1000)
  await runCallers({ callers: CALLERS, seconds: load + 60, call })
})
process.on('disconnect', () => process.exit())
