/**
 * The list of what the custody bank saw and the books of a database do not know, from the bank's
 * statement files. It asks the bank that is configured, or the simulator on its usual port, and
 * changes nothing on either side.
 */

import { bankChannel } from '../../server/src/bank.ts'
import { createLog, diskFiles, type Instant } from '../../server/src/base/index.ts'
import { ChannelUnavailable, type CustodyChannel } from '../../server/src/channels/index.ts'
import { type BankFlow, type SeenSince, unknownFlows } from '../../server/src/custody/index.ts'
import { formatMoney } from '../../server/src/money/index.ts'
import { readServerConfig } from '../../server/src/settings.ts'
import type { Terminal } from '../command.ts'
import { realWorld } from '../real-world.ts'

export interface BankSince {
  /** Of the database whose books are asked. */
  readonly url: string
  readonly keysFolder: string
  readonly since: Instant
  readonly terminal: Pick<Terminal, 'env' | 'say' | 'complain'>
}

const DAY_MS = 86_400_000
const USUAL_PORT = '7301'

/** Prints the list. False when the bank could not be asked, or not for every day. */
export async function printBankSince(on: BankSince): Promise<boolean> {
  const { url, keysFolder, since, terminal } = on
  const { env, say, complain } = terminal
  const bankUrl = env.TENON_CUSTODY_BANK_URL || `http://127.0.0.1:${env.BANK_PORT || USUAL_PORT}`
  const config = readServerConfig({
    ...env,
    DATABASE_URL: url,
    TENON_CUSTODY_BANK_URL: bankUrl,
  })
  const world = realWorld({ url, max: 2, log: createLog({ level: 'error' }) })
  try {
    const keys = diskFiles(keysFolder)
    const channel = (await bankChannel(config, { world, keys, keysFolder }))!
    await channel.poolBalance()
    const dates = datesBetween(channel, since, world.clock.now())
    const seen = await unknownFlows(
      { tx: world.db, channel, poolNo: config.custodyBankPool },
      dates,
    )
    printSeen(seen, { since, say, complain })
    return seen.unread.length === 0 && seen.others.length === 0
  } catch (error) {
    const { name, message } = error as Error
    if (!(error instanceof ChannelUnavailable) && name !== 'StartProblem') throw error
    complain(`The custody bank at ${bankUrl} could not be asked what it saw since: ${message}`)
    complain(
      'Name it with TENON_CUSTODY_BANK_URL, the folder of its keys with TENON_KEYS, and ask again: ' +
        `tenon bank since ${new Date(since).toISOString()}`,
    )
    return false
  } finally {
    await world.db.close()
  }
}

function datesBetween(channel: CustodyChannel, from: Instant, to: Instant): string[] {
  const dates: string[] = []
  const last = channel.businessDate(to)
  for (let at = from; ; at += DAY_MS) {
    const date = channel.businessDate(at)
    if (date > last) return dates
    dates.push(date)
  }
}

interface Print {
  readonly since: Instant
  say(line: string): void
  complain(line: string): void
}

const HEAD = ['date', 'file', 'reference', 'amount', 'with us']

function printSeen({ flows, unread, others }: SeenSince, { since, say, complain }: Print): void {
  const moment = new Date(since).toISOString()
  if (flows.length === 0) {
    say(`The bank’s statement files since ${moment} tell nothing that our books do not know.`)
  } else {
    say(`Since ${moment} the bank saw what our books do not know:`)
    for (const line of table(flows)) say(line)
    say('Settle these before Tenon works on this database: what it was told after that moment it')
    say(
      'does not know, and would instruct again. Pay-ins it books by itself, from the bank’s list.',
    )
  }
  for (const { book, kind, date, says } of unread) {
    complain(`Book ${book}: the file ${kind.replaceAll('_', ' ')} of ${date} was not read: ${says}`)
  }
  if (unread.length > 0) complain(`Ask again when there are files: tenon bank since ${moment}`)
  for (const { book, channel } of others) {
    complain(`Book ${book} lies at another pool (${channel}), which was not asked.`)
  }
}

function table(flows: readonly BankFlow[]): string[] {
  const rows = flows.map(({ kind, date, reference, amount, detail }) => [
    date,
    kind.replaceAll('_', ' '),
    reference,
    formatMoney({ amount, currency: 'CNY' }, 'zh'),
    detail.replace(/^.* at the bank, /, ''),
  ])
  const widths = HEAD.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)))
  return [HEAD, ...rows].map((row) =>
    `  ${row.map((cell, i) => (i === 3 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ')}`.trimEnd(),
  )
}
