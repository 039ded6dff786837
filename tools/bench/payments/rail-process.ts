/**
 * The rail of the payments bench, a process of its own: UnionPay's simulator as it stands. Every
 * collection succeeds at once and is told at once.
 *
 * Argument: `RailSettings` as JSON. To any message it answers what its own book holds.
 */
import { startUnionPay } from '../../../simulators/unionpay/index.ts'

export interface RailSettings {
  readonly port: number
  readonly callbackUrl: string
}

/** What the rail's own book says: the judge of the platform. */
export interface RailTally {
  readonly collected: number
  /** Minor units. */
  readonly amount: bigint
}

const { port, callbackUrl } = JSON.parse(process.argv[2]!) as RailSettings
const rail = await startUnionPay({ port, callbackUrl, magic: false })
process.send!({ url: rail.url })

process.on('message', () => {
  const movements = rail.admin.movements().filter(({ kind }) => kind === 'collect')
  const amount = movements.reduce((sum, one) => sum + one.amount, 0n)
  process.send!({ collected: movements.length, amount } satisfies RailTally)
})
process.on('disconnect', () => process.exit())
