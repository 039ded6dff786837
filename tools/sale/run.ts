/**
 * One sale from first yuan to last, driven through the real commands: the payers pay at the bank, the
 * world reports its facts, and the case does the rest. It ends with the proof against the bank's
 * files. The run knows no scheme: it looks at the case and does what the case waits for.
 */

import type { Db, Uuid } from '../../server/src/base/index.ts'
import { listInbound, listInstructions } from '../../server/src/channels/index.ts'
import {
  type Case,
  type Custody,
  caseId,
  type Deal,
  type Scheme,
  type Step,
} from '../../server/src/custody/index.ts'
import type { Ledger } from '../../server/src/ledger/index.ts'
import { toDecimal } from '../../server/src/money/index.ts'
import type { BankAdmin } from './bank-admin.ts'
import type { LegPayments } from './leg-payments.ts'
import { type LegLine, payByLegs, railsOf } from './legs.ts'
import { type Pace, WEEKEND_DAYS } from './pace.ts'
import type { RailSide } from './rail-side.ts'
import { proveAll, type SaleReport, totals, trialBalance } from './report.ts'

export interface SaleOptions {
  readonly db: Db
  readonly custody: Custody
  readonly ledger: Ledger
  readonly book: number
  readonly bank: BankAdmin
  readonly pace: Pace
  readonly deal: Deal
  readonly scheme: Scheme
  /** With both, payers pay their tranches by legs over the rails. */
  readonly rails?: RailSide
  readonly legPayments?: LegPayments
  /** The fact that does not come true, such as `registration`. */
  readonly fail?: string
  /** A fault of the bank, as its admin API takes it: `{ fault: 'timeout-after', operation: '6033' }`. */
  readonly fault?: Readonly<Record<string, unknown>>
  /** Hears of each milestone and of what else happened, as it happens. */
  readonly tell?: (event: SaleEvent) => void
}

/** What moved at one milestone, or going back. */
export interface MovementLine {
  readonly kind: Step['kind']
  readonly role: string
  /** Who it went to; the same role for a payment to its own bank account. */
  readonly to: string
  /** Minor units. */
  readonly amount: bigint
}

export type SaleEvent =
  | { readonly kind: 'opened'; readonly deal: Deal; readonly scheme: Scheme; readonly case: Case }
  | {
      readonly kind: 'moved'
      readonly milestone: string
      readonly title: { readonly en: string; readonly zh: string }
      readonly how: string
      readonly lines: readonly MovementLine[]
    }
  | { readonly kind: 'leg'; readonly leg: LegLine }
  | { readonly kind: 'fact'; readonly fact: string; readonly value: string }
  | { readonly kind: 'stuck'; readonly why: string }

/** Runs a sale to where it can go, and proves the books. Throws when the deal is refused. */
export async function runSale(options: SaleOptions): Promise<SaleReport> {
  const { custody, book, bank, deal, scheme, tell = () => undefined } = options
  const began = options.pace.now()
  if (options.fault !== undefined) await bank.arm(options.fault)
  const opened = await custody.openCase(book, dealDocument(deal))
  if ('refused' in opened) throw new Error(`The deal was refused: ${JSON.stringify(opened)}`)
  const run = new Run(options, opened.id)
  await run.settle()
  tell({ kind: 'opened', deal, scheme, case: await run.view() })
  while (await run.next()) await run.settle()
  await run.tellMilestones()
  const proof = await proveAll(options, began)
  const view = await run.view()
  const channel = custody.desk.channel(book).name
  const inbound = await listInbound(options.db, { book, channel })
  return {
    case: view,
    trialBalance: await trialBalance(options.ledger, book, view),
    proof,
    items: await custody.openItems(book),
    instructions: await listInstructions(options.db, book, caseId(view)),
    totals: totals(view, inbound),
    finished: view.state === (options.fail === undefined ? 'completed' : 'returned'),
    legs: run.legs,
    rails: options.rails === undefined ? [] : railsOf(options.rails, run.legs),
  }
}

/** The deal as a caller would send it. */
function dealDocument(deal: Deal): unknown {
  return {
    deal: deal.deal,
    scheme: deal.scheme,
    parties: deal.parties.map(({ role, name, idNumber, mobile, bankAccount }) => ({
      role,
      name,
      id_number: idNumber,
      mobile,
      bank_account: bankAccount,
    })),
    amounts: Object.fromEntries(
      Object.entries(deal.given).map(([name, amount]) => [
        name,
        { amount: String(amount), currency: 'CNY' },
      ]),
    ),
  }
}

class Run {
  private readonly options: SaleOptions
  private readonly id: Uuid
  /** What was paid towards each tranche, by step. */
  private readonly paid = new Map<Uuid, bigint>()
  private readonly told = new Set<string>()
  readonly legs: LegLine[] = []

  constructor(options: SaleOptions, id: Uuid) {
    this.options = options
    this.id = id
  }

  async view(): Promise<Case> {
    const view = await this.options.custody.case(this.options.book, this.id)
    if (view === undefined) throw new Error('the case is gone')
    return view
  }

  /** Waits until nothing is on its way, or says that it does not come to rest. */
  async settle(): Promise<void> {
    const rested = await this.options.pace.until(async () => this.atRest(await this.view()))
    await this.tellMilestones()
    if (rested) return
    const waiting = (await this.view()).steps.filter((step) => !this.isQuiet(step))
    const why = waiting.map(({ kind, role }) => `${kind} of the ${role}`).join(', ')
    this.options.tell?.({ kind: 'stuck', why: `still on its way: ${why}` })
  }

  private atRest(view: Case): boolean {
    return view.steps.every((step) => this.isQuiet(step))
  }

  private isQuiet(step: Step): boolean {
    if (step.state === 'instructed') return false
    const paid = this.paid.get(step.id) ?? 0n
    return step.state !== 'awaiting' || step.received >= paid
  }

  /** Does the one thing the case waits for; false when it waits for nothing a run can do. */
  async next(): Promise<boolean> {
    const view = await this.view()
    const tranche = view.steps.find((step) => step.state === 'awaiting')
    if (tranche !== undefined) return this.pay(view, tranche)
    if (view.state !== 'running' || !this.atRest(view)) return false
    const { scheme } = this.options
    for (const [i, { name, when, after }] of scheme.milestones.entries()) {
      if (when === undefined || view.facts[when.fact] !== undefined) continue
      const state = (milestone: string) =>
        view.milestones.find((each) => each.name === milestone)?.state
      const before =
        after ?? scheme.milestones.slice(Math.max(0, i - 1), i).map((each) => each.name)
      const ended = before.every((each) => ['reached', 'lapsed'].includes(state(each) ?? ''))
      if (state(name) !== 'waiting' || !ended) continue
      const value = this.options.fail === when.fact && when.not !== undefined ? when.not : when.is
      const { custody, book } = this.options
      const refused = await custody.reportFact(book, this.id, { fact: when.fact, value })
      if (refused !== undefined) throw new Error(`${when.fact} ${value}: ${refused.refused}`)
      this.options.tell?.({ kind: 'fact', fact: when.fact, value })
      return true
    }
    return false
  }

  /** The payer pays what is missing: the tranche, and once more when too little arrived. */
  private async pay(view: Case, step: Step): Promise<boolean> {
    const paid = this.paid.get(step.id)
    const missing = step.amount - step.received - (await this.uncleared(view, step))
    // The rest was paid: a rail owes it, or paid on another amount.
    if (missing <= 0n) return false
    // Paid and not here: it is lost, held or told differently, and paying again would not help.
    if (paid !== undefined && (step.received === 0n || paid >= step.amount + missing)) return false
    this.paid.set(step.id, (paid ?? 0n) + missing)
    const { rails, legPayments } = this.options
    // What did not come by its legs is transferred.
    if (rails === undefined || legPayments === undefined || paid !== undefined) {
      await this.transfer(view, step, missing)
    } else await this.payByLegs(view, step, { rails, legPayments })
    if (paid !== undefined) this.paid.set(step.id, step.amount)
    await this.options.pace.until(async () => {
      const now = (await this.view()).steps.find(({ id }) => id === step.id)
      return now?.state === 'done' || (now?.received ?? 0n) > step.received
    })
    const after = (await this.view()).steps.find(({ id }) => id === step.id)!
    // What did not come by now is not waited for again.
    this.paid.set(step.id, after.received === 0n ? 0n : this.paid.get(step.id)!)
    if (after.state === 'awaiting' && after.received > step.received) {
      this.paid.set(step.id, after.received)
      return true
    }
    return after.state !== 'awaiting'
  }

  /** What the payer paid over rails, and has not come to the bank. */
  private async uncleared(view: Case, { role }: Step): Promise<bigint> {
    const { legPayments, book } = this.options
    const account = accountOf(view, role)
    const coming = await legPayments?.clearing.onItsWay(book, [account])
    return coming?.get(account)?.uncleared ?? 0n
  }

  /** A transfer of the payer's to its number at the bank. */
  private async transfer(view: Case, step: Step, amount: bigint): Promise<void> {
    const { role } = step
    const { payTo } = view.parties.find((party) => party.role === role)!
    const payer = this.options.deal.parties.find((party) => party.role === role)!
    await this.options.bank.pay({
      to: payTo,
      amount: toDecimal({ amount, currency: 'CNY' }),
      payerAcctNo: payer.bankAccount.number,
      payerName: payer.name,
      payerBank: payer.bankAccount.bank,
      remark: view.deal,
    })
  }

  /** The payer pays leg by leg; the rails' day ends, and they pay each order on to custody. */
  private async payByLegs(
    view: Case,
    step: Step,
    { rails, legPayments }: { readonly rails: RailSide; readonly legPayments: LegPayments },
  ): Promise<void> {
    const { book, deal, bank, pace, tell } = this.options
    const legs = await payByLegs(
      {
        ...{ book, deal, bank, pace, legPayments, side: rails },
        tell: (leg) => tell?.({ kind: 'leg', leg }),
      },
      { view, step },
    )
    this.legs.push(...legs)
    if (!pace.movesDays) await rails.closeDay()
    const isHere = async () =>
      (await this.view()).steps.find(({ id }) => id === step.id)?.state === 'done'
    // A rail pays on the next day, or days later.
    for (let days = 0; days < WEEKEND_DAYS && !(await pace.until(isHere)); days += 2);
  }

  /** Tells of milestones that ended since, and of money that went back, with what moved. */
  async tellMilestones(): Promise<void> {
    const { tell, scheme } = this.options
    if (tell === undefined) return
    const view = await this.view()
    for (const { name, state } of view.milestones) {
      if (!['reached', 'lapsed'].includes(state) || this.told.has(name)) continue
      const steps = view.steps.filter((step) => step.milestone === name)
      if (steps.some((step) => step.state === 'instructed')) continue
      this.told.add(name)
      const { title } = scheme.milestones.find((each) => each.name === name)!
      tell({ kind: 'moved', milestone: name, title, how: state, lines: linesOf(view, steps) })
    }
    for (const { role } of view.parties) {
      const name = `return.${role}`
      const steps = view.steps.filter((step) => step.milestone === name)
      const over =
        steps.length > 0 &&
        steps.every((step) => step.state !== 'instructed' && step.state !== 'planned')
      if (!over || this.told.has(name)) continue
      this.told.add(name)
      const title = { en: `Returned to the ${role}`, zh: `退回${scheme.roles[role]!.title.zh}` }
      tell({ kind: 'moved', milestone: name, title, how: 'returned', lines: linesOf(view, steps) })
    }
  }
}

const accountOf = (view: Case, role: string): Uuid =>
  view.accounts.find((each) => each.role === role && each.purpose === 'received')!.ledgerAccount

function linesOf(view: Case, steps: readonly Step[]): MovementLine[] {
  const holder = (account: string) =>
    view.accounts.find(({ name }) => name === account)?.role ?? account
  return steps
    .filter((step) => step.state === 'done')
    .flatMap(({ kind, role, legs, amount }): MovementLine[] =>
      kind === 'pay'
        ? legs.map((leg) => ({ kind, role, to: holder(leg.to), amount: leg.amount }))
        : [{ kind, role, to: role, amount }],
    )
}
