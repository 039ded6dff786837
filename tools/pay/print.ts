/** What `tenon pay` prints: states in plain sentences, lines of the ledger, and why a channel was taken. */
import { formatMoney } from '../../server/src/money/index.ts'
import type { Account, Api, Attempt, Exception, Line } from './api.ts'

export const yuan = (amount: bigint | string) =>
  formatMoney({ amount: BigInt(amount), currency: 'CNY' }, 'zh')

/** What a state of an attempt means, for the payer's side. */
export const ATTEMPT_SAYS: Readonly<Record<string, string>> = {
  intended: 'it is decided, and not sent yet',
  sending: 'it is on its way to the rail',
  accepted: 'the rail has it; the outcome comes later',
  unknown: 'nobody can say yet; we ask, and never send it again',
  succeeded: 'the rail says the money has come',
  failed: 'it did not succeed; no money moved',
}

/** Of a failure: what the payer reads, in both languages, and who may try again. */
export function failureLines({ user_message: text, ...attempt }: Attempt): string[] {
  if (attempt.status !== 'failed') return []
  return [
    `  code ${attempt.channel_code ?? '-'}, class ${attempt.class ?? '-'}, retry ${attempt.retry ?? '-'}`,
    ...(text === undefined
      ? []
      : [`  the payer reads: ${text.zh}`, `                   ${text.en}`]),
  ]
}

export function whyLines({ why, channel }: Attempt): string[] {
  if (why === undefined) return []
  const all = why.candidates.map((each) => {
    const cost = `cost ${yuan(each.cost)}`
    const success = `success ${(each.success_ppm / 10_000).toFixed(2)} %`
    const numbers = each.eligible ? ` (${cost}, ${success})` : ''
    return `  ${each.channel.padEnd(17)} ${each.why.replaceAll('_', ' ')}${numbers}`
  })
  return [`Why ${channel}`, ...all]
}

export function exceptionLines(exceptions: readonly Exception[]): string[] {
  if (exceptions.length === 0) return ['No exception is open about it.']
  return exceptions.flatMap(({ title, id, owner, actions, deadline }) => [
    `Exception: ${title.en} · ${title.zh}`,
    `  ${id}, for ${owner} until ${deadline}; may be: ${actions.join(', ')}`,
  ])
}

/** Lines of an account's statement as bookings, with the names of the accounts. */
export async function bookingLines(
  api: Api,
  account: string,
  lines: readonly Line[],
): Promise<string[]> {
  if (lines.length === 0) return ['Nothing was booked.']
  const names = await accountNames(api, account)
  const name = (id: string) => names.get(id) ?? id
  const booked = lines.map(({ side, amount, counterpart, type }) => {
    const [debit, credit] = side === 'debit' ? [account, counterpart] : [counterpart, account]
    const kind = type === 'post' ? '' : ` (${type})`
    return `  debit ${name(debit)}, credit ${name(credit)}: ${yuan(amount.amount)}${kind}`
  })
  return ['Booked in the ledger', ...booked]
}

async function accountNames(api: Api, account: string): Promise<Map<string, string>> {
  const book = `book_${account.split('_')[1]}`
  const found = await api.get<{ data: Account[] }>(`/v1/accounts?book=${book}&limit=200`)
  return new Map(found.data.map(({ id, code, name }) => [id, `${code} ${name}`]))
}

/** The number of an account's newest line; 0 when it has none. */
export async function newestLine(api: Api, account: string): Promise<bigint> {
  const { data } = await api.get<{ data: Line[] }>(`/v1/accounts/${account}/statement?limit=1`)
  return BigInt(data[0]?.number ?? 0)
}

/** Lines of an account newer than one, oldest first. */
export async function linesAfter(api: Api, account: string, number: bigint): Promise<Line[]> {
  const { data } = await api.get<{ data: Line[] }>(`/v1/accounts/${account}/statement?limit=100`)
  return data.filter((line) => BigInt(line.number) > number).reverse()
}

/** Exceptions open about any of some things. */
export async function exceptionsAbout(
  api: Api,
  book: string,
  about: readonly string[],
): Promise<Exception[]> {
  const pages = await Promise.all(
    about.map((each) =>
      api.get<{ data: Exception[] }>(
        `/v1/exceptions?book=${book}&status=open&about=${encodeURIComponent(each)}`,
      ),
    ),
  )
  return pages.flatMap(({ data }) => data)
}
