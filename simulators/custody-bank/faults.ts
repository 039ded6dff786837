/**
 * Faults, as data, and the board on which the admin API arms them.
 *
 * `any` means any operation that moves money; a query or the opening of a sub-account is hit only when
 * it is named. Armed faults live in memory: a restarted bank has none.
 */
import { OPERATIONS, type OperationNumber } from './fields.ts'

/** Where in the bank a fault acts. */
export type FaultPoint =
  | 'request'
  | 'status'
  | 'withdrawal'
  | 'inbound'
  | 'notice'
  | 'statement'
  | 'download'

export interface FaultKind {
  readonly name: string
  readonly point: FaultPoint
  readonly says: string
  /** How often it strikes when the caller does not say. */
  readonly count: number
}

export const FAULTS = [
  {
    name: 'timeout-before',
    point: 'request',
    count: 1,
    says: 'No reply comes and the bank has not acted.',
  },
  { name: 'timeout-after', point: 'request', count: 1, says: 'The bank acts but no reply comes.' },
  {
    name: 'late-reply',
    point: 'request',
    count: 1,
    says: 'The bank acts and replies `ms` milliseconds late (3000).',
  },
  {
    name: 'refusal',
    point: 'request',
    count: 1,
    says: 'The bank refuses the instruction with ERR090 and does not act.',
  },
  {
    name: 'unknown-code',
    point: 'request',
    count: 1,
    says: 'The bank acts (unless `acted` is false) but answers ERR777, a code in no table.',
  },
  {
    name: 'server-error',
    point: 'request',
    count: 1,
    says: 'HTTP 500, after acting or, with `when: before`, without acting.',
  },
  {
    name: 'not-found-then-success',
    point: 'status',
    count: 2,
    says: 'The status query says "no such flow" although the flow is there, `count` times (2).',
  },
  {
    name: 'withdrawal-fails',
    point: 'withdrawal',
    count: 1,
    says: 'The withdrawal is accepted, then fails, and the money is back on the sub-account.',
  },
  {
    name: 'withdrawal-returned',
    point: 'withdrawal',
    count: 1,
    says: 'The withdrawal succeeds and is returned the next business day as a new inbound row.',
  },
  {
    name: 'duplicate-inbound',
    point: 'inbound',
    count: 1,
    says: 'The bank books the same inbound transfer twice, under two flow numbers.',
  },
  {
    name: 'under-pay',
    point: 'inbound',
    count: 1,
    says: 'The payer transfers `fen` (100) less than asked.',
  },
  {
    name: 'over-pay',
    point: 'inbound',
    count: 1,
    says: 'The payer transfers `fen` (100) more than asked.',
  },
  { name: 'duplicate-notice', point: 'notice', count: 1, says: 'The notice is sent three times.' },
  {
    name: 'late-notice',
    point: 'notice',
    count: 1,
    says: 'The notice is sent `ms` late in bank time (10 minutes).',
  },
  {
    name: 'lost-notice',
    point: 'notice',
    count: 1,
    says: 'The notice is never sent; only a query or the file tells.',
  },
  {
    name: 'wrong-amount-in-notice',
    point: 'notice',
    count: 1,
    says: 'The notice names `fen` (100) more than was booked.',
  },
  {
    name: 'out-of-order-notices',
    point: 'notice',
    count: 1,
    says: 'The notice waits until the next one has gone, or `ms` in bank time (10 minutes).',
  },
  {
    name: 'statement-late',
    point: 'statement',
    count: 1,
    says: 'The statement file is said not to be ready.',
  },
  {
    name: 'statement-truncated',
    point: 'download',
    count: 1,
    says: 'The statement file breaks off after two thirds of its bytes.',
  },
] as const satisfies readonly FaultKind[]

export type FaultName = (typeof FAULTS)[number]['name']

export interface FaultOrder {
  fault: FaultName
  /** An operation's number, or `any`. */
  operation: OperationNumber | 'any'
  count: number | 'always'
  /** Lets this many chances pass first. */
  after: number
  ms: number | undefined
  fen: bigint
  when: 'before' | 'after'
  acted: boolean
}

export interface ArmedFault extends FaultOrder {
  id: number
  hits: number
}

export interface FaultBoard {
  arm(order: FaultOrder): ArmedFault
  list(): ArmedFault[]
  /** Without an id, all. Says how many went. */
  disarm(id?: number): number
  /** The fault that strikes here, if one does; counts the hit. */
  take(point: FaultPoint, operation?: OperationNumber): ArmedFault | undefined
}

const NOT_IN_ANY: readonly OperationNumber[] = ['6248', '6055', '6065', '6211']

function matches(
  order: FaultOrder,
  point: FaultPoint,
  operation: OperationNumber | undefined,
): boolean {
  const kind = FAULTS.find(({ name }) => name === order.fault)
  if (kind?.point !== point) return false
  if (point !== 'request' || operation === undefined) return true
  if (order.operation !== 'any') return order.operation === operation
  return OPERATIONS[operation].kind === 'instruction' && !NOT_IN_ANY.includes(operation)
}

export function createFaultBoard(): FaultBoard {
  let armed: ArmedFault[] = []
  let last = 0
  return {
    arm(order) {
      last += 1
      const fault = { ...order, id: last, hits: 0 }
      armed.push(fault)
      return fault
    },
    list: () => armed.map((fault) => ({ ...fault })),
    disarm(id) {
      const kept = id === undefined ? [] : armed.filter((fault) => fault.id !== id)
      const gone = armed.length - kept.length
      armed = kept
      return gone
    },
    take(point, operation) {
      for (const fault of armed) {
        if (!matches(fault, point, operation)) continue
        if (fault.count !== 'always' && fault.hits >= fault.count) continue
        if (fault.after > 0) {
          fault.after -= 1
          continue
        }
        fault.hits += 1
        return { ...fault }
      }
      return undefined
    },
  }
}

function wholeNumber(value: unknown, name: string, smallest: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < smallest)
    throw new Error(`${name} must be a whole number of at least ${smallest}`)
  return value as number
}

/** Reads an order from JSON; throws a sentence naming what is wrong. */
export function parseFaultOrder(input: Record<string, unknown>): FaultOrder {
  const kind = FAULTS.find(({ name }) => name === input.fault)
  if (kind === undefined)
    throw new Error(`fault must be one of ${FAULTS.map(({ name }) => name).join(', ')}`)
  const operation = input.operation ?? 'any'
  const known = operation === 'any' || Object.hasOwn(OPERATIONS, operation as string)
  if (!known)
    throw new Error('operation must be "any" or the number of an operation, such as "6033"')
  if (kind.point !== 'request' && operation !== 'any')
    throw new Error(`${kind.name} takes no operation: it acts on every ${kind.point}`)
  const when = input.when ?? 'after'
  if (when !== 'before' && when !== 'after') throw new Error('when must be "before" or "after"')
  return {
    fault: kind.name,
    operation: operation as OperationNumber | 'any',
    count: input.count === 'always' ? 'always' : wholeNumber(input.count ?? kind.count, 'count', 1),
    after: wholeNumber(input.after ?? 0, 'after', 0),
    ms: input.ms === undefined ? undefined : wholeNumber(input.ms, 'ms', 0),
    fen: BigInt(wholeNumber(input.fen ?? 100, 'fen', 1)),
    when,
    acted: input.acted !== false,
  }
}
