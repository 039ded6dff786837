/** A pay-in under faults: opens it, tells its callbacks, and weighs our books against the rails'. */
import { payId, type TestPayments, testPayments } from '../../../testing/payments.ts'
import type { TestRail } from '../../../testing/rail.ts'
import type { Attempt, CallbackTaken } from '../attempt.ts'
import type { NewPayIn, PayIn } from '../pay-in.ts'
import type { Opened, Refused } from '../pay-ins.ts'

export const MINUTE = 60_000

/** What was opened; throws what was refused. */
export function opened(result: Opened | Refused): Opened {
  if ('refused' in result) throw new Error(`refused: ${result.refused}`)
  return result
}

export interface PayInStage {
  readonly on: TestPayments
  /** Opens ¥100, or what `more` says, and sends it. */
  open(
    key: string,
    more?: Partial<NewPayIn>,
  ): Promise<{ id: string; attempt: Attempt; attempts: readonly Attempt[]; wanted: NewPayIn }>
  payIn(id: string): Promise<PayIn>
  attemptsOf(id: string): Promise<Attempt[]>
  callBack(reference: string, rail?: TestRail): Promise<CallbackTaken | undefined>
  /** Does all that falls due in so many milliseconds. */
  sweep(ms: number): Promise<number>
  /** Waits for the command that opens it; for openers that never come back. */
  committed(id: string): Promise<void>
  /** What our books say came in, and what the rails say they moved. */
  judged(): Promise<{ rails: bigint; books: bigint }>
  /** Runs `work` and answers what it added to the destination, to suspense, and to the rails' books. */
  added(work: () => Promise<unknown>): Promise<bigint[]>
  exceptionsOf(id: string): ReturnType<TestPayments['exceptions']>
  factsOf(id: string): Promise<Record<string, unknown>[]>
  /** Proofs that fail, and questions still planned about what is final. */
  left(): Promise<{ proofs: string[]; asked: unknown[] }>
}

export async function payInStage(): Promise<PayInStage> {
  const on = await testPayments()
  const attemptsOf = (id: string) => on.payments.attempts(on.book, payId(on.book, id))
  const payIn = async (id: string) => (await on.payments.payIn(on.book, id))!
  const judged = async () => {
    const moved = [...on.rail.movements, ...on.other.movements]
    const rails = moved.reduce((sum, { amount }) => sum + amount, 0n)
    return { rails, books: (await on.balance(on.destination)) + (await on.suspense()) }
  }
  const weighed = async () => [
    await on.balance(on.destination),
    await on.suspense(),
    (await judged()).rails,
  ]
  return {
    on,
    payIn,
    attemptsOf,
    judged,
    open: async (key, more) => {
      const wanted = on.wanted(key, more)
      const { attempts } = opened(await on.payments.openPayIn(wanted))
      return { id: wanted.id, attempt: attempts.at(-1)!, attempts, wanted }
    },
    callBack: (reference, rail = on.rail) =>
      on.payments.takeCallback(rail.channel.name, rail.callback(reference)),
    sweep: (ms) => on.sweeper.sweepUntil(on.world.clock.now() + ms),
    committed: async (id) => {
      while ((await on.payments.payIn(on.book, id)) === undefined) await Promise.resolve()
    },
    added: async (work) => {
      const before = await weighed()
      await work()
      return (await weighed()).map((value, index) => value - before[index]!)
    },
    exceptionsOf: async (id) => {
      const about = (await attemptsOf(id)).map((each) => `att_${on.book}_${each.id}`)
      return (await on.exceptions()).filter((each) => about.includes(each.about))
    },
    factsOf: async (id) =>
      (await on.events('payments.attempt_ended')).filter(
        (fact) => fact.order === payId(on.book, id),
      ),
    left: async () => ({
      proofs: await on.proofs(),
      asked: await on.database.db.query(
        `select 1 from base.due d join payments.attempt a
           on a.book_id = d.book_id and replace(a.id::text, '-', '') = d.key
         where d.kind = 'payments.ask_attempt' and a.state in ('succeeded', 'failed')`,
      ),
    }),
  }
}
