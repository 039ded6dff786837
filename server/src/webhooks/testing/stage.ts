/** A stage for tests: webhooks on a database of their own, a receiver over real HTTP, two clocks. */
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Caller,
  type Clock,
  createDueSweeper,
  createOutboxRelay,
  createPersonalSeal,
  type DueSweeper,
  insertOutboxSql,
  type Keyed,
  type OutboxEvent,
  outboxColumns,
  type Resolver,
  wallClock,
} from '#base'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { type TestWorld, testWorld } from '../../../testing/world.ts'
import type { By } from '../endpoints.ts'
import type { GiveUp } from '../schedule.ts'
import { createWebhooks, type Webhooks } from '../webhooks.ts'

export const ORG = 7
export const BOOK = 12

/** A request as the receiver got it. */
export interface Received {
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  readonly path: string
  /** Business time. */
  readonly at: number
}

export interface Answering {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Stage {
  readonly world: TestWorld
  readonly webhooks: Webhooks
  readonly sweeper: DueSweeper
  readonly database: TestDatabase
  /** Where the receiver listens, such as http://127.0.0.1:4321. */
  readonly url: string
  readonly received: Received[]
  /** The wall clock, which `shift` moves beside the machine's. */
  readonly wall: Clock & { shift: number }
  /** What the receiver answers from now on. */
  answer: (request: Received) => Answering | 'hang up' | Promise<Answering>
  by(caller?: Partial<Caller>): By
  keyed(key?: string): Keyed
  /** Writes one batch of a book's outbox; each call has the next seq. */
  record(events: readonly OutboxEvent[], book?: number): Promise<void>
  /** Lets the relay deliver, and what is due now be sent. */
  settle(): Promise<void>
  pump(): Promise<number>
  /** An endpoint of the organisation at a path of the receiver. */
  endpoint(options?: {
    path?: string
    events?: readonly string[]
    merchant?: string
    caller?: Partial<Caller>
  }): Promise<{ readonly id: string; readonly secret: string }>
  /** Empties the tables; the clock stays where it is. */
  reset(): Promise<void>
  rows<T extends object>(sql: string, params?: readonly unknown[]): Promise<T[]>
  close(): Promise<void>
}

/** Events of payouts, as payments record them. */
export function payoutEvent(payout: string, what: string, amount = '100'): OutboxEvent {
  const payload = { payout, amount, purpose: 'payout', about: '' }
  return { kind: `payments.payout_${what}`, aggregate: payout, orgId: ORG, payload }
}

export interface StageOptions {
  readonly sandbox?: boolean
  readonly resolve?: Resolver
  readonly giveUp?: GiveUp
}

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const database = await testDatabase()
  const world = testWorld({ db: database.db })
  const machine = wallClock()
  const wall = {
    ...{ shift: 0, mono: machine.mono, sleep: machine.sleep },
    now: (): number => machine.now() + wall.shift,
  }
  const received: Received[] = []
  const stage = { answer: (): Answering => ({ status: 204 }) } as unknown as Stage
  const server = http.createServer((request, reply) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', async () => {
      const body = Buffer.concat(parts).toString('utf8')
      const one = { headers: request.headers, body, path: request.url ?? '', at: world.clock.now() }
      received.push(one)
      const answer = await stage.answer(one)
      if (answer === 'hang up') return request.socket.destroy()
      reply.writeHead(answer.status, { ...answer.headers }).end(answer.body)
      return undefined
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { sandbox = true, ...rest } = options
  const seal = createPersonalSeal({
    ...{ active: 'k1', keys: new Map([['k1', new Uint8Array(32).fill(7)]]) },
    index: new Uint8Array(32).fill(9),
  })
  const webhooks = createWebhooks({
    ...{ world, wall, seal, sandbox, currencyOf: () => 'CNY', orgName: (org) => `org_0_${org}` },
    ...rest,
  })
  const { db, clock, rng, log } = world
  const sweeper = createDueSweeper({ db, clock, rng, log, handlers: webhooks.handlers })
  const subscribers = [webhooks.subscriber]
  const relay = createOutboxRelay({ db, clock, rng, log, subscribers })
  let keys = 0
  const seqs = new Map<number, bigint>()
  const record: Stage['record'] = async (events, book = BOOK) => {
    const seq = (seqs.get(book) ?? 0n) + 1n
    seqs.set(book, seq)
    const params = [book, new Date(clock.now()), ...outboxColumns(seq, events)]
    await db.query(insertOutboxSql, params)
  }
  const keyed: Stage['keyed'] = (key) => {
    keys += 1
    const keyHash = (key ?? `key ${keys}`).padEnd(64, '0')
    const requestHash = '0'.repeat(64)
    return {
      ...{ key: keyHash, keyHash, requestHash },
      answer: () => {
        throw new Error('no answers are stored here')
      },
    }
  }
  const by: Stage['by'] = (caller = {}) => ({
    requestId: 'req_test',
    caller: {
      ...{ kind: 'user', id: 'usr_0_1', person: 'p1', orgId: ORG, permissions: new Set<string>() },
      ...{ signed: false, from: '127.0.0.1', ...caller },
    },
  })
  const made: Stage['endpoint'] = async ({
    path = '/',
    events = ['*'],
    merchant = '',
    caller,
  } = {}) => {
    const request = { url: `${url}${path}`, events, merchant, description: '' }
    const outcome = await webhooks.endpoints.make(request, keyed(), by(caller))
    if ('problem' in outcome) throw new Error(outcome.problem.detail)
    return { id: outcome.endpoint.id, secret: outcome.secret }
  }
  return Object.assign(stage, {
    ...{ world, webhooks, sweeper, database, url, received, wall, by, keyed, record },
    endpoint: made,
    pump: () => relay.pump(),
    settle: async () => {
      await relay.pump()
      await sweeper.sweepNow()
      const failed = await db.query('select key, last_error from base.due where last_error <> $1', [
        '',
      ])
      if (failed.length > 0) throw new Error(`Due work failed: ${JSON.stringify(failed)}`)
    },
    reset: async () => {
      received.length = 0
      wall.shift = 0
      stage.answer = () => ({ status: 204 })
      await db.query(`truncate webhooks.endpoint, webhooks.event, webhooks.delivery,
        webhooks.attempt, base.due, base.outbox, base.outbox_cursor, base.outbox_held`)
    },
    rows: (sql: string, params?: readonly unknown[]) => db.query(sql, params),
    close: async () => {
      webhooks.stop()
      await relay.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await database.drop()
    },
  })
}
