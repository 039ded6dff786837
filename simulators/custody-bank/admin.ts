/**
 * The admin side: faults, the clock, settings, a transfer from outside, and a look into the book. Over
 * HTTP it answers only callers on this machine; in a test the same functions are called directly.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { wallNow } from '../channel/clock.ts'
import { assertBook, type Bank, lockPool, type Proof, proof, type Settings } from './book.ts'
import type { ClockSetting, Instant } from './clock.ts'
import { Refused } from './codes.ts'
import type { DueRunner } from './due.ts'
import { type ArmedFault, FAULTS, parseFaultOrder } from './faults.ts'
import { parseYuan } from './money.ts'
import { receive } from './operations/inbound.ts'

export interface OutsideTransfer {
  /** A sub-account's own or virtual number, or the pool's. */
  to: string
  /** Yuan, such as `200000.00`. */
  amount: string
  payerAcctNo: string
  payerName: string
  payerBank?: string
  remark?: string
}

export interface NoticeSeen {
  id: string
  event: string
  state: string
  attempts: number
  body: Record<string, string>
}

export interface BankAdmin {
  /** Arms a fault: `{ fault, operation?, count?, after?, ms?, fen?, when?, acted? }`. */
  arm(order: Record<string, unknown>): ArmedFault
  armed(): ArmedFault[]
  /** Without an id, all. Gives how many went. */
  disarm(id?: number): number
  now(): Instant
  /** Sets the clock and does what falls due on the way. It stands still unless `ticks`. */
  setClock(at: Instant, options?: { ticks?: boolean }): Promise<void>
  realClock(): Promise<void>
  settings(): Settings
  change(settings: Partial<Settings>): Promise<Settings>
  /** Somebody outside transfers into the pool. */
  inbound(transfer: OutsideTransfer): Promise<{ FrontSeqNo: string; SubAcctNo: string }>
  /** Does everything that is due, notices included. */
  idle(): Promise<void>
  proof(): Promise<Proof>
  notices(): Promise<NoticeSeen[]>
}

export async function save(bank: Bank, name: 'clock' | 'settings', value: object): Promise<void> {
  await bank.store.query(
    `insert into custody_bank.setting (name, value) values ($1, $2)
     on conflict (name) do update set value = excluded.value`,
    [name, JSON.stringify(value)],
  )
}

async function moveClock(
  bank: Bank,
  due: DueRunner,
  setting: ClockSetting,
  at: Instant,
): Promise<void> {
  const [row] = await bank.store.query<{ last: Date | null }>(
    'select max(booked_at) as last from custody_bank.movement',
  )
  if (row?.last && row.last.getTime() > at)
    throw new Error(`the bank has booked until ${row.last.toISOString()}; set a later time`)
  await save(bank, 'clock', setting)
  await due.moveClock(setting)
}

const SETTING_CHECKS: { [K in keyof Settings]: (value: unknown) => boolean } = {
  withdrawalMs: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  withdrawalHours: (value) => {
    if (value === null) return true
    const { from, to } = (value ?? {}) as { from?: unknown; to?: unknown }
    return [from, to].every(
      (time) => typeof time === 'string' && /^([01]\d|2[0-4])[0-5]\d$/.test(time),
    )
  },
  paidOut: (value) => value === 'T+0' || value === 'T+1',
  intradayFiles: (value) => typeof value === 'boolean',
}

async function change(bank: Bank, changes: Partial<Settings>): Promise<Settings> {
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(SETTING_CHECKS, name)) throw new Error(`there is no setting ${name}`)
    if (!SETTING_CHECKS[name as keyof Settings](value)) throw new Error(`${name} has no such value`)
  }
  bank.settings = { ...bank.settings, ...changes }
  await save(bank, 'settings', bank.settings)
  return bank.settings
}

async function inbound(bank: Bank, due: DueRunner, transfer: OutsideTransfer) {
  const amount = parseYuan(String(transfer.amount))
  if (amount === undefined || amount === 0n)
    throw new Error('amount must be yuan such as "200000.00"')
  for (const name of ['to', 'payerAcctNo', 'payerName'] as const)
    if (typeof transfer[name] !== 'string' || transfer[name] === '')
      throw new Error(`${name} is missing`)
  const { to, payerAcctNo, payerName } = transfer
  const booked = await bank.store.tx(async (tx) => {
    await lockPool(tx)
    const desk = { bank, tx, now: bank.clock.now() }
    const [payerBank, remark] = [transfer.payerBank ?? '测试银行', transfer.remark ?? '']
    const done = await receive(desk, { to, fen: amount, payerAcctNo, payerName, payerBank, remark })
    await assertBook(tx)
    return done
  })
  due.kick()
  return { FrontSeqNo: booked.flow, SubAcctNo: booked.account }
}

export function createAdmin(bank: Bank, due: DueRunner): BankAdmin {
  return {
    arm: (order) => bank.faults.arm(parseFaultOrder(order)),
    armed: () => bank.faults.list(),
    disarm: (id) => bank.faults.disarm(id),
    now: () => bank.clock.now(),
    async setClock(at, { ticks = false } = {}) {
      if (!Number.isSafeInteger(at))
        throw new Error('the time must be a whole number of milliseconds')
      const setting: ClockSetting = ticks
        ? { mode: 'offset', by: at - wallNow() }
        : { mode: 'fixed', at }
      await moveClock(bank, due, setting, at)
    },
    realClock: () => moveClock(bank, due, { mode: 'real' }, wallNow()),
    settings: () => bank.settings,
    change: (settings) => change(bank, settings),
    inbound: (transfer) => inbound(bank, due, transfer),
    idle: () => due.idle(),
    proof: () => proof(bank.store),
    async notices() {
      const rows = await bank.store.query<
        { id: bigint; body: string } & Omit<NoticeSeen, 'id' | 'body'>
      >('select id, event, state, attempts, body from custody_bank.notice order by id')
      return rows.map((row) => ({ ...row, id: String(row.id), body: JSON.parse(row.body) }))
    },
  }
}

const LOOPBACK = ['127.0.0.1', '::1', '::ffff:127.0.0.1']

function bodyOf(request: FastifyRequest): Record<string, unknown> {
  if (!Buffer.isBuffer(request.body)) return {}
  const value: unknown = JSON.parse(request.body.toString('utf8'))
  if (typeof value !== 'object' || value === null) throw new Error('the body must be a JSON object')
  return value as Record<string, unknown>
}

/** The clock's new time: an ISO time, or milliseconds. */
function instantOf(value: unknown): Instant {
  const at = typeof value === 'string' ? Date.parse(value) : value
  if (!Number.isSafeInteger(at))
    throw new Error('now must be a time such as "2026-03-02T09:00:00+08:00"')
  return at as Instant
}

function withTexts(value: object): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}` : each)),
  )
}

/** Routes under /admin; a mistake is answered 400 with a sentence. */
export function adminRoutes(admin: BankAdmin) {
  return async (server: FastifyInstance): Promise<void> => {
    server.addHook('onRequest', async (request, reply) => {
      if (!LOOPBACK.includes(request.ip)) return reply.code(403).send({ error: 'loopback only' })
      return undefined
    })
    server.setErrorHandler((error: Error, _request, reply) => {
      const status = error instanceof Refused || !('code' in error) ? 400 : 500
      return reply.code(status).send({ error: error.message })
    })
    server.get('/faults', async () => withTexts({ armed: admin.armed(), catalogue: FAULTS }))
    server.post('/faults', async (request) => withTexts(admin.arm(bodyOf(request))))
    server.delete('/faults', async () => ({ disarmed: admin.disarm() }))
    server.delete<{ Params: { id: string } }>('/faults/:id', async (request) => ({
      disarmed: admin.disarm(Number(request.params.id)),
    }))
    const clock = () => ({ now: new Date(admin.now()).toISOString() })
    server.get('/clock', async () => clock())
    server.post('/clock', async (request) => {
      const { now, ticks } = bodyOf(request)
      await admin.setClock(instantOf(now), { ticks: ticks === true })
      return clock()
    })
    server.delete('/clock', async () => {
      await admin.realClock()
      return clock()
    })
    server.get('/settings', async () => admin.settings())
    server.post('/settings', async (request) => admin.change(bodyOf(request)))
    server.post('/inbound', async (request) =>
      admin.inbound(bodyOf(request) as unknown as OutsideTransfer),
    )
    server.post('/idle', async () => {
      await admin.idle()
      return clock()
    })
    server.get('/proof', async () => withTexts(await admin.proof()))
    server.get('/notices', async () => ({ notices: await admin.notices() }))
  }
}
