/**
 * The sale that `npm start` plays against the running server's book and the bank simulator: the worked
 * example, under a deal number of its own at every start.
 *
 * Before it begins, what an earlier run left open is waited for: a start after a crash finds calls
 * whose outcome the bank is still being asked about, and a proof in the middle of them proves nothing.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isFinal, listInstructions } from '../../server/src/channels/index.ts'
import { readDeal } from '../../server/src/custody/index.ts'
import type { RunningServer } from '../../server/src/main.ts'
import { bankAdmin } from '../sale/bank-admin.ts'
import { wallPace } from '../sale/pace.ts'
import { printEvent, printReport } from '../sale/print.ts'
import type { SaleReport } from '../sale/report.ts'
import { runSale } from '../sale/run.ts'
import { shippedSchemes } from '../sale/stage.ts'
import { StartProblem } from './problem.ts'

const SAMPLE = new URL('../../schemes/samples/resale-home.json', import.meta.url)
/** A call whose process was killed is asked about after its time to send and to answer. */
const SETTLE_MS = 60_000
const LOOK_MS = 200
/** So long must nothing be open: one call's end may begin the next. */
const QUIET_LOOKS = 3

export interface FirstSale {
  readonly server: RunningServer
  readonly book: number
  readonly bankUrl: string
  say(line: string): void
}

/** Plays the sale and prints it. Throws a `StartProblem` when the books are not equal at its end. */
export async function firstSale({ server, book, bankUrl, say }: FirstSale): Promise<void> {
  const { world, ledger, pool } = server
  if (pool === undefined) throw new StartProblem('There is no custody bank to play a sale at.')
  await settle(server, book, say)
  const schemes = await shippedSchemes()
  const sample = JSON.parse(await readFile(SAMPLE, 'utf8')) as { deal: string }
  const read = readDeal({ ...sample, deal: dealNumber(world.clock.now()) }, schemes)
  if (!('deal' in read)) throw new StartProblem(`The sample deal is refused: ${read[0]?.says}`)
  const report = await runSale({
    db: world.db,
    custody: pool.custody,
    ledger,
    book,
    bank: bankAdmin(bankUrl),
    pace: wallPace(world.clock),
    deal: read.deal,
    scheme: schemes.find((each) => each.scheme === read.deal.scheme)!,
    tell: (event) => printEvent(event).forEach(say),
  })
  printReport(report).forEach(say)
  if (!report.finished || !report.proof.equal) throw unproved(report)
}

/** `HOME-20261122-093000-4f2a`: readable, and another one at each start. */
function dealNumber(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `HOME-${time}-${randomBytes(2).toString('hex')}`
}

async function settle(
  { world }: RunningServer,
  book: number,
  say: (line: string) => void,
): Promise<void> {
  const until = world.clock.mono() + SETTLE_MS
  let said = false
  for (let quiet = 0; quiet < QUIET_LOOKS; ) {
    const open = (await listInstructions(world.db, book)).filter(({ state }) => !isFinal(state))
    quiet = open.length === 0 ? quiet + 1 : 0
    if (open.length > 0 && !said) {
      said = true
      say('An earlier run was cut off; waiting for the bank to say what became of its last call.')
    }
    if (!said) return
    if (world.clock.mono() > until) {
      say('The bank does not say yet; going on. The proof will name what is open.')
      return
    }
    await world.clock.sleep(LOOK_MS, 'settle')
  }
}

function unproved({ proof, finished }: SaleReport): StartProblem {
  const why = finished ? 'our book and the bank’s differ' : 'it did not come to its end'
  return new StartProblem(
    `The sale is not proved: ${why}${proof.equal ? '' : ' (the open items above name by what)'}. ` +
      'Tenon stays up, so that you can look.',
  )
}
