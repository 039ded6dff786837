/**
 * Exceptions: what happened with money that no rule may settle alone. Each kind names the role that
 * owns it, how long that role has, and what it may do. An exception moves nothing by being raised;
 * where its money lies meanwhile (suspense, transit) is booked by whoever raises it.
 *
 * An action stands in a kind's list only when something carries it out: a test walks the table.
 */
import { applied, type EffectRow, ensureDue, type Instant, type Uuid } from '#base'
import { upsertException } from './exception-store.ts'

const title = (zh: string, en: string) => ({ zh, en })

/** What a person may decide, as it is read on a button. */
export const ACTION_TITLES = {
  /** Somebody has looked and nothing more is to be moved; the note says why. */
  explain: title('说明并关闭', 'Explain and close'),
  /** The money goes back where it came from. */
  refund: title('退回款项', 'Give the money back'),
  /** The money is for an account of the book. */
  attach: title('入账到账户', 'Book it to an account'),
  ask_again: title('重新查询渠道', 'Ask the channel again'),
  approve: title('审批通过', 'Approve'),
  reject: title('驳回', 'Turn down'),
  retry: title('重新发起', 'Try again'),
  /** Own book bears what was lost, or the customer named does. */
  recover: title('追偿或自担', 'Recover from a customer, or bear it'),
  /** Settled outside the platform; the note says how. */
  settle_by_hand: title('线下处理完成', 'Settled outside the platform'),
} as const

export type ExceptionAction = keyof typeof ACTION_TITLES

export const EXCEPTION_ACTIONS = Object.keys(ACTION_TITLES) as readonly ExceptionAction[]

export type OwnerRole = 'operations' | 'finance' | 'risk' | 'engineering'

export interface ExceptionKindRow {
  readonly owner: OwnerRole
  readonly hours: number
  readonly actions: readonly ExceptionAction[]
  readonly zh: string
  readonly en: string
}

const kind = (
  owner: OwnerRole,
  hours: number,
  actions: readonly ExceptionAction[],
  zh: string,
  en: string,
): ExceptionKindRow => ({ owner, hours, actions, zh, en })

export const EXCEPTION_KINDS = {
  late_success: kind(
    ...(['operations', 24, ['refund', 'attach', 'explain']] as const),
    '订单关闭后收到款项',
    'Money came after the order was closed',
  ),
  paid_twice: kind(
    ...(['operations', 24, ['refund', 'explain']] as const),
    '同一订单支付了两次',
    'One order was paid twice',
  ),
  amount_differs: kind(
    ...(['finance', 4, ['ask_again', 'settle_by_hand', 'explain']] as const),
    '渠道金额与订单不一致',
    'The channel tells another amount than the order',
  ),
  currency_differs: kind(
    ...(['finance', 4, ['ask_again', 'settle_by_hand', 'explain']] as const),
    '渠道币种与订单不一致',
    'The channel tells another currency than the order',
  ),
  payee_differs: kind(
    ...(['risk', 2, ['ask_again', 'settle_by_hand', 'explain']] as const),
    '渠道收款账户与指令不一致',
    'The channel tells another payee than the order',
  ),
  unknown_too_long: kind(
    ...(['operations', 4, ['ask_again', 'settle_by_hand', 'explain']] as const),
    '结果长时间未知',
    'Nobody can say for long what became of it',
  ),
  contradicted: kind(
    ...(['finance', 4, ['ask_again', 'settle_by_hand', 'explain']] as const),
    '渠道前后结果矛盾',
    'The channel contradicts what it said before',
  ),
  callback_malformed: kind(
    ...(['engineering', 24, ['explain']] as const),
    '渠道通知无法识别',
    'A callback that cannot be read',
  ),
  payout_returned: kind(
    ...(['operations', 24, ['retry', 'refund', 'settle_by_hand', 'explain']] as const),
    '出款被退回',
    'A payout came back',
  ),
  refund_route_closed: kind(
    ...(['operations', 24, ['approve', 'settle_by_hand', 'reject']] as const),
    '原路退款不可用',
    'The refund cannot go back the way the money came',
  ),
  refund_waiting_for_funds: kind(
    ...(['finance', 8, ['retry', 'settle_by_hand', 'explain']] as const),
    '渠道余额不足,退款等待注资',
    'The channel is short of balance for a refund',
  ),
  approval_needed: kind(
    ...(['finance', 24, ['approve', 'reject']] as const),
    '等待第二人审批',
    'A second person has to approve',
  ),
  settlement_differs: kind(
    ...(['finance', 24, ['settle_by_hand', 'explain']] as const),
    '结算金额不一致',
    'The settlement differs from what was expected',
  ),
  file_row_unknown: kind(
    ...(['finance', 24, ['settle_by_hand', 'explain']] as const),
    '对账文件存在未知记录',
    "A row of the channel's file is not ours, or differs",
  ),
  chargeback: kind(
    ...(['risk', 72, ['recover', 'explain']] as const),
    '付款人银行拒付',
    "The payer's bank took a payment back",
  ),
  court_deduction: kind(
    ...(['risk', 24, ['recover', 'explain']] as const),
    '司法扣划',
    'A court took money from the pool',
  ),
  bank_fee: kind(
    ...(['finance', 72, ['explain']] as const),
    '银行从资金池扣收费用',
    'The bank took a fee from the pool',
  ),
  pool_interest: kind(
    ...(['finance', 72, ['attach', 'explain']] as const),
    '资金池利息待分配',
    'The bank paid interest on the pool; nobody owns it yet',
  ),
  unknown_credit: kind(
    ...(['operations', 24, ['refund', 'attach', 'explain']] as const),
    '不明入账',
    'Money came in and nobody knows whose it is',
  ),
  unknown_debit: kind(
    ...(['finance', 4, ['recover', 'explain']] as const),
    '不明扣款',
    'Money left and nobody knows why',
  ),
  hidden_then_found: kind(
    ...(['finance', 2, ['ask_again', 'settle_by_hand', 'explain']] as const),
    '渠道曾答复不存在,后又成功',
    'An order the channel did not know succeeded after all',
  ),
} as const satisfies Readonly<Record<string, ExceptionKindRow>>

export type ExceptionKind = keyof typeof EXCEPTION_KINDS

export const exceptionKind = (name: ExceptionKind): ExceptionKindRow => EXCEPTION_KINDS[name]

export interface Raised {
  readonly orgId: number
  readonly kind: ExceptionKind
  /** Public id, reference or flow number of what it is about: one open exception per kind and this. */
  readonly about: string
  /** Minor units; 0 when it is about none. */
  readonly amount: bigint
  /** JSON: facts without personal data; money as `{amount, currency}` with minor units as text. */
  readonly evidence: Readonly<Record<string, unknown>>
}

/** Due work: looks at an exception when its deadline comes. */
export const EXCEPTION_DUE = 'payments.exception_due'

/**
 * The effects that raise an exception, or note on the open one that it was seen again, and see to its
 * deadline. They always move. Put them into the command that books what it is about.
 */
export function raise(
  at: { readonly now: Instant; readonly id: Uuid },
  raised: Raised,
): EffectRow[] {
  const deadline = at.now + exceptionKind(raised.kind).hours * 3_600_000
  const { orgId, kind, about } = raised
  const key = `${kind} ${about}`
  return [
    applied(upsertException, { ...raised, id: at.id, deadline }),
    applied(ensureDue, { orgId, kind: EXCEPTION_DUE, key, dueAt: deadline, payload: null }),
  ]
}
