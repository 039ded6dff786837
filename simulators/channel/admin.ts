/**
 * The admin of a rail: as direct calls, and the same over HTTP under `/admin`. While a rail is down
 * its `/admin` is down too, and comes back with it.
 */
import { type FaultOrder, RAIL_FAULTS, type RailAdmin, type RailFault } from './contract.ts'
import type { BookOrder } from './entry.ts'
import { DEFAULT_MS, type Storm } from './faults.ts'
import type { RailGround } from './ground.ts'
import type { Handle, RailReply } from './http.ts'

export function railAdmin(ground: RailGround): RailAdmin {
  const { book, clock, faults, notices } = ground
  const must = (order: BookOrder | undefined, reference: string): BookOrder => {
    if (order === undefined) throw new Error(`the rail has no such order: ${reference}`)
    return order
  }
  return {
    arm(fault) {
      if (fault.fault !== 'down') return faults.arm(fault)
      faults.count('down')
      ground.goDown(fault.ms ?? DEFAULT_MS.down!)
    },
    storm: (storm) => faults.storm(storm),
    calm: () => faults.calm(),
    struck: () => faults.struck(),
    now: () => clock.now(),
    setClock: (at) => clock.moveTo(at),
    idle: () => clock.idle(),
    nextDueAt: () => clock.nextDueAt(),
    async payOrder(reference) {
      const order = must(book.find('collect', reference), reference)
      if (order.state !== 'waiting') {
        throw new Error(`the order ${reference} is ${order.state}; only a waiting one is paid`)
      }
      ground.succeed(order)
    },
    async returnPayout(reference) {
      ground.returnPayout(must(book.find('pay', reference), reference))
    },
    async chargeBack(reference) {
      const order = must(book.find('collect', reference), reference)
      const movement = book.moveBack(order, 'chargeback', clock.now())
      notices.queue(order, 'chargeback', movement)
    },
    async fund(amount, memo) {
      book.moveOther('funding', amount, memo, clock.now())
    },
    closeDay: (date) => ground.closeDay(date),
    orders: () => book.orders(),
    movements: () => book.movements(),
    balance: () => book.balance(),
    callbacks: () => notices.sent(),
  }
}

/** Bigints as strings, bytes as base64. */
function print(value: unknown): RailReply {
  const body = JSON.stringify(value ?? {}, (_key, item: unknown) => {
    if (typeof item === 'bigint') return String(item)
    return item instanceof Uint8Array ? Buffer.from(item).toString('base64') : item
  })
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

type Fields = Readonly<Record<string, unknown>>

function whole(fields: Fields, name: string): number {
  const value = fields[name]
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new Error(`${name} must be a whole number, 0 or more`)
  return value as number
}

function string(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string' || value === '') throw new Error(`${name} must be a text`)
  return value
}

function fault(value: unknown): RailFault {
  const known = RAIL_FAULTS.find((name) => name === value)
  if (known === undefined) throw new Error(`fault must be one of ${RAIL_FAULTS.join(', ')}`)
  return known
}

function faultOrder(fields: Fields): FaultOrder {
  const kind = fields.kind
  if (kind !== undefined && kind !== 'collect' && kind !== 'pay' && kind !== 'refund')
    throw new Error('kind must be collect, pay or refund')
  const number = (name: string) =>
    fields[name] === undefined ? {} : { [name]: whole(fields, name) }
  return {
    fault: fault(fields.fault),
    ...(kind === undefined ? {} : { kind }),
    ...number('count'),
    ...number('after'),
    ...number('ms'),
    ...number('fen'),
  }
}

function stormOf(fields: Fields): Storm {
  const storm = { seed: whole(fields, 'seed'), perMillion: whole(fields, 'perMillion') }
  if (fields.faults === undefined) return storm
  if (!Array.isArray(fields.faults)) throw new Error('faults must be a list')
  return { ...storm, faults: fields.faults.map(fault) }
}

/** The HTTP face: `GET` reads, `POST` with a JSON body acts. */
export function createAdmin(admin: RailAdmin): Handle {
  const routes: Readonly<Record<string, (fields: Fields) => unknown>> = {
    'GET /admin/struck': () => admin.struck(),
    'GET /admin/clock': () => ({ now: admin.now(), nextDueAt: admin.nextDueAt() ?? null }),
    'GET /admin/orders': () => admin.orders(),
    'GET /admin/movements': () => admin.movements(),
    'GET /admin/balance': () => ({ amount: admin.balance(), currency: 'CNY' }),
    'GET /admin/callbacks': () => admin.callbacks(),
    'POST /admin/arm': (fields) => admin.arm(faultOrder(fields)),
    'POST /admin/storm': (fields) => admin.storm(stormOf(fields)),
    'POST /admin/calm': () => admin.calm(),
    'POST /admin/clock': (fields) =>
      admin.setClock(fields.at === null ? undefined : whole(fields, 'at')),
    'POST /admin/idle': () => admin.idle(),
    'POST /admin/pay': (fields) => admin.payOrder(string(fields, 'reference')),
    'POST /admin/return': (fields) => admin.returnPayout(string(fields, 'reference')),
    'POST /admin/charge-back': (fields) => admin.chargeBack(string(fields, 'reference')),
    'POST /admin/fund': (fields) =>
      admin.fund(BigInt(string(fields, 'amount')), string(fields, 'memo')),
    'POST /admin/close-day': (fields) => admin.closeDay(string(fields, 'date')),
  }
  return async ({ method, path, body }) => {
    const route = routes[`${method} ${path}`]
    if (route === undefined) {
      const says = `There is no ${method} ${path}; try one of: ${Object.keys(routes).join(', ')}.`
      return { ...print({ says }), status: 404 }
    }
    try {
      const fields = body.length === 0 ? {} : (JSON.parse(body.toString()) as Fields)
      return print(await route(fields))
    } catch (error) {
      return { ...print({ says: (error as Error).message }), status: 400 }
    }
  }
}
