/**
 * A sale as lines for people: each milestone with what moved, then the proof. Roles, not names: what is
 * printed ends up in logs.
 */
import {
  caseId,
  OPEN_ITEM_KINDS,
  type OpenItem,
  type Proof,
} from '../../server/src/custody/index.ts'
import { formatMoney } from '../../server/src/money/index.ts'
import type { BookLine, SaleReport } from './report.ts'
import type { MovementLine, SaleEvent } from './run.ts'

const WIDTH = 46

const money = (amount: bigint) => formatMoney({ amount, currency: 'CNY' }, 'zh')

/** Chinese characters take two columns. */
function columns(text: string): number {
  return [...text].reduce((sum, each) => sum + (/\p{Script=Han}|[（），]/u.test(each) ? 2 : 1), 0)
}

const padded = (text: string, width: number) =>
  text + ' '.repeat(Math.max(1, width - columns(text)))

const line = (text: string, amount: bigint) =>
  `     ${padded(text, WIDTH)}${money(amount).padStart(16)}`

const SAYS: Record<MovementLine['kind'], (line: MovementLine) => string | undefined> = {
  open_sub_account: () => undefined,
  bind_account: () => undefined,
  collect: ({ role }) => `the ${role} pays into custody`,
  freeze: ({ role }) => `held under guarantee for the ${role}`,
  pay: ({ to }) => `released to the ${to}`,
  unfreeze: ({ role }) => `released from guarantee to the ${role}`,
  withdraw: ({ to }) => `paid out to the ${to}’s bank account`,
}

/** The lines of one event of a run. */
export function printEvent(event: SaleEvent): string[] {
  switch (event.kind) {
    case 'opened': {
      const { deal, scheme } = event
      const roles = event.case.parties.map(({ role }) => role).join(', ')
      const given = Object.entries(deal.given).map(([name, amount]) =>
        line(name.replaceAll('_', ' '), amount),
      )
      return [
        `Sale ${deal.deal} · ${scheme.title.en} · ${scheme.title.zh}`,
        `  case ${caseId(event.case)}; the bank opened a sub-account each for ${roles}`,
        ...given,
        '',
      ]
    }
    case 'leg': {
      const { role, number, amount, channel, state, reference } = event.leg
      const what = `leg ${number} of the ${role}, ${channel}`
      return [`${line(what, amount)}  ${state === 'succeeded' ? reference : state}`]
    }
    case 'fact':
      return [`  · ${event.fact.replaceAll('_', ' ')}: ${event.value}`]
    case 'moved': {
      const { title, how, lines } = event
      const lapsed = how === 'lapsed' ? ' (its time had passed)' : ''
      const moved = lines.flatMap((each) => {
        const says = SAYS[each.kind](each)
        return says === undefined ? [] : [line(says, each.amount)]
      })
      return [`  ✓ ${title.en} · ${title.zh}${lapsed}`, ...moved]
    }
    case 'stuck':
      return [`  ! ${event.why}`]
  }
}

/** The end of a run: where the case stands, who got what, our book, the bank's, and the difference. */
export function printReport(report: SaleReport): string[] {
  const { proof, items } = report
  return [
    '',
    `The case is ${report.case.state}.`,
    ...Object.entries(report.totals).map(
      ([role, { in: paid, out }]) =>
        `     ${padded(role, 12)}paid in ${money(paid).padStart(16)}   got ${money(out).padStart(16)}`,
    ),
    '',
    'Our book',
    ...printBook(report.trialBalance),
    '',
    'The bank’s statement files, line by line',
    ...printFiles(proof),
    '',
    ...printRails(report),
    ...printBalances(proof),
    `     ${padded('difference', WIDTH)}${money(proof.difference).padStart(16)}`,
    '',
    ...(proof.equal && items.length === 0
      ? ['Our book and the bank’s book are equal to the fen.']
      : [
          proof.equal
            ? 'Our book and the bank’s book are equal to the fen; open items:'
            : 'Our book and the bank’s book differ; the open items name by what:',
          ...items.flatMap(printItem),
        ]),
  ]
}

function printBook(lines: readonly BookLine[]): string[] {
  const row = (name: string, ...cells: string[]) =>
    `     ${padded(name, 44)}${cells.map((cell) => cell.padStart(16)).join('')}`
  const total = (of: (line: BookLine) => bigint) =>
    money(lines.reduce((sum, line) => sum + of(line), 0n))
  return [
    row('', 'debits', 'credits', 'balance'),
    ...lines.map(({ code, name, debits, credits, balance }) => {
      const title = `${code}  ${name.replaceAll('_', ' ')}`
      return row(title, money(debits), money(credits), money(balance))
    }),
    row(
      '',
      total(({ debits }) => debits),
      total(({ credits }) => credits),
    ),
  ]
}

const FILE_NAMES = { pay_ins: 'CZ', withdrawals: 'TX', transfers: 'JY', balances: 'YE' } as const

function printFiles({ files }: Proof): string[] {
  const told = files.filter(({ rows, problem }) => rows > 0 || problem !== undefined)
  return told.map(({ kind, date, rows, matched, problem }) => {
    const name = padded(`${FILE_NAMES[kind]} ${date}  ${kind.replaceAll('_', ' ')}`, WIDTH - 16)
    if (problem !== undefined) return `     ${name}${problem}`
    const count = `${String(rows).padStart(4)} ${rows === 1 ? 'row' : 'rows'}`
    return `     ${name}${count}, ${matched} matched`
  })
}

function printRails({ rails }: SaleReport): string[] {
  if (rails.length === 0) return []
  const lines = rails.map(({ rail, movements, agrees, balance }) => {
    const count = movements.reduce((sum, each) => sum + each.count, 0)
    const moved = `${movements.length} legs, ${count} movements`
    const says = agrees ? moved : `${moved}: NOT one for each`
    return line(`${padded(rail, 14)}${says}; still there`, balance)
  })
  return ['The rails’ own books', ...lines, '']
}

function printBalances({ pool, balances }: Proof): string[] {
  const equal = balances.filter(({ ours, bank }) => ours === bank).length
  return [
    `     ${padded('the pool in our book', WIDTH)}${money(pool.ours).padStart(16)}`,
    `     ${padded('the pool at the bank', WIDTH)}${money(pool.bank).padStart(16)}`,
    `     ${equal} of ${balances.length} sub-accounts equal`,
  ]
}

function printItem(item: OpenItem): string[] {
  const { kind, amount, reference, detail, owner, deadlineAt } = item
  const by = new Date(deadlineAt).toISOString().slice(0, 16).replace('T', ' ')
  return [
    `  ! ${kind.replaceAll('_', ' ')} · ${money(amount)} · ${reference} · for ${owner} by ${by} UTC`,
    `     ${detail}`,
    `     ${OPEN_ITEM_KINDS[kind]}`,
  ]
}
