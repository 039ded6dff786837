/**
 * A tranche paid as a payment plan: of a person's money ¥50,000.00 by WeChat Pay, UnionPay collections
 * within their limits, and the last part by bank transfer to the virtual number; a company transfers
 * all of it. The plan's legs sum to the tranche, and each leg is one payment with a channel of its own.
 */
import { derivedUuid, Personal, publicId, type Uuid } from '../../server/src/base/index.ts'
import type {
  CollectMethod,
  PaymentChannel,
  TransferSlip,
} from '../../server/src/channels/index.ts'
import type { Case, Deal, Step } from '../../server/src/custody/index.ts'
import { toDecimal } from '../../server/src/money/index.ts'
import type { Attempt, PayWith, Plan } from '../../server/src/payments/index.ts'
import type { BankAdmin } from './bank-admin.ts'
import type { LegPayments } from './leg-payments.ts'
import type { Pace } from './pace.ts'
import { type RailSide, SALE_RAILS, type SaleRail } from './rail-side.ts'

/** ¥50,000.00, the most WeChat Pay takes at once. */
const WECHAT_MOST = 5_000_000n
/** ¥1,000,000.00, the most UnionPay collects from a person at once. */
const COLLECTION_MOST = 100_000_000n

/** One leg of a tranche, and where it stands. */
export interface LegLine {
  readonly role: string
  readonly number: number
  /** Minor units. */
  readonly amount: bigint
  readonly channel: PaymentChannel['name']
  readonly reference: string
  readonly state: Attempt['state']
}

export interface LegsOptions {
  readonly book: number
  readonly deal: Deal
  readonly legPayments: LegPayments
  readonly side: RailSide
  readonly bank: Pick<BankAdmin, 'pay'>
  readonly pace: Pace
  readonly tell?: (line: LegLine) => void
}

type Party = Deal['parties'][number]

interface Tranche {
  readonly step: Step
  readonly payer: Party
  /** Where the bank takes the payer's transfers. */
  readonly payTo: string
  readonly plan: Plan
  readonly person: boolean
}

/** Pays what a tranche awaits, leg by leg; answers the legs as they stand, with what each came to. */
export async function payByLegs(
  options: LegsOptions,
  at: { readonly view: Case; readonly step: Step },
): Promise<LegLine[]> {
  const { view, step } = at
  const { role } = step
  const party = view.parties.find((each) => each.role === role)!
  const account = view.accounts.find((each) => each.role === role && each.purpose === 'received')!
  const payer = options.deal.parties.find((each) => each.role === role)!
  options.legPayments.sendTo(account.ledgerAccount, party.payTo)
  const person = party.kind === 'person'
  const plan = await planOf(options, { view, step, destination: account.ledgerAccount, person })
  const tranche: Tranche = { step, payer, payTo: party.payTo, plan, person }
  const lines: LegLine[] = []
  for (;;) {
    const next = await nextLeg(options, tranche, lines.length)
    if (next === undefined) return lines
    lines.push(await payOne(options, tranche, next))
  }
}

async function planOf(
  { legPayments: { payments }, book }: LegsOptions,
  of: { view: Case; step: Step; destination: Uuid; person: boolean },
): Promise<Plan> {
  const { view, step, destination, person } = of
  const id = derivedUuid('sale.plan', step.id)
  const opened = await payments.openPlan({
    ...{ book, id, destination, currency: 'CNY', subject: `${view.deal} ${step.milestone}` },
    amount: step.amount - step.received,
    bank: '',
    accountType: person ? 'personal' : 'corporate',
    method: person ? 'collection' : 'bank_transfer',
    attributes: {},
    requestHash: '00'.repeat(32),
  })
  if ('refused' in opened) throw new Error(`The plan of the ${step.role}: ${opened.refused}`)
  return opened.plan
}

interface NextLeg {
  readonly number: number
  readonly method: CollectMethod
}

/** The next leg nobody is paying, with its amount set; the plan gives what is left to the others. */
async function nextLeg(
  { legPayments: { payments }, book }: LegsOptions,
  { plan: { id }, person }: Tranche,
  paid: number,
): Promise<NextLeg | undefined> {
  const free = async () => {
    const plan = await payments.plan(book, id)
    return plan?.legs.filter(({ state }) => state === 'planned') ?? []
  }
  const legs = await free()
  const [leg] = legs
  if (leg === undefined) return undefined
  const { number } = leg
  if (!person) return { number, method: 'bank_transfer' }
  const left = legs.reduce((sum, { amount }) => sum + amount, 0n)
  const most = [WECHAT_MOST, COLLECTION_MOST][paid]
  if (most !== undefined && left > most) await payments.changeLeg({ book, id, number }, most)
  if (paid === 0) return { number, method: 'wechat_native' }
  const isLast = (await free()).length === 1
  return { number, method: isLast && paid >= 2 ? 'bank_transfer' : 'collection' }
}

async function payOne(options: LegsOptions, tranche: Tranche, next: NextLeg): Promise<LegLine> {
  const { legPayments, side, book, pace } = options
  const { payments } = legPayments
  const { number, method } = next
  const at = { book, id: tranche.plan.id, number }
  const paid = await payments.payLeg(at, payWith(method, tranche))
  if ('refused' in paid) throw new Error(`Leg ${number}: ${paid.refused}`)
  const begun = paid.plan.legs.find((each) => each.number === number)!
  const attempt = async () =>
    (await payments.attempts(book, publicId('pay', book, begun.payIn!))).at(-1)!
  const first = await attempt()
  if (method === 'wechat_native') await payAtWechat(side, first, pace)
  if (method === 'bank_transfer') await transfer(options, tranche, first)
  const isFinal = ({ state }: Attempt) => state === 'succeeded' || state === 'failed'
  await pace.until(async () => isFinal(await attempt()))
  const { channel, reference, state, amount } = await attempt()
  const line = { role: tranche.step.role, number, amount, channel, reference, state }
  options.tell?.(line)
  return line
}

/** The payer scans the code, as soon as the rail has the order. */
async function payAtWechat({ rails }: RailSide, { reference }: Attempt, pace: Pace): Promise<void> {
  const { admin } = rails['wechat-pay']
  const isWaiting = async () =>
    admin.orders().some((order) => order.reference === reference && order.state === 'waiting')
  if (await pace.until(isWaiting)) await admin.payOrder(reference)
}

/** The payer transfers to the number of theirs, with the code of the slip. */
async function transfer(
  { bank }: LegsOptions,
  { payer, payTo }: Tranche,
  { payerAction, amount }: Attempt,
): Promise<void> {
  if (payerAction === undefined) throw new Error('The payer was not told where to transfer to.')
  const { memo } = JSON.parse(payerAction.value) as TransferSlip
  await bank.pay({
    to: payTo,
    amount: toDecimal({ amount, currency: 'CNY' }),
    payerAcctNo: payer.bankAccount.number,
    payerName: payer.name,
    payerBank: payer.bankAccount.bank,
    remark: memo,
  })
}

function payWith(method: CollectMethod, { payer, person }: Tranche): PayWith {
  const accountType = person ? ('personal' as const) : ('corporate' as const)
  const how = { methods: [method], bank: '', accountType }
  if (method !== 'collection') return how
  return {
    ...how,
    payer: {
      name: new Personal('name', payer.name),
      account: new Personal('card', payer.bankAccount.number),
      bank: '',
      accountType,
      idNumber: new Personal('id_number', payer.idNumber),
      mobile: new Personal('phone', payer.mobile),
    },
  }
}

/** What a rail's own book says of the legs that were to go over it. */
export interface RailOfSale {
  readonly rail: SaleRail
  /** Its legs, and how many movements its book has of each. */
  readonly movements: readonly { readonly reference: string; readonly count: number }[]
  /** Whether each leg that succeeded moved once, and no other leg at all. */
  readonly agrees: boolean
  /** What it still holds, minor units. */
  readonly balance: bigint
}

/** The rails' books beside the legs. */
export function railsOf({ rails }: RailSide, lines: readonly LegLine[]): RailOfSale[] {
  return SALE_RAILS.map((rail) => {
    const { admin } = rails[rail]
    const collected = admin.movements().filter(({ kind }) => kind === 'collect')
    const legs = lines.filter(({ channel }) => channel === rail)
    const movements = legs.map(({ reference }) => ({
      reference,
      count: collected.filter((each) => each.reference === reference).length,
    }))
    const agrees = legs.every(
      ({ state }, i) => movements[i]!.count === (state === 'succeeded' ? 1 : 0),
    )
    return { rail, movements, agrees, balance: admin.balance() }
  })
}
