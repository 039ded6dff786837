/** One design of the payments bench, loaded over HTTP and judged by every book that knows of it. */
import pg from 'pg'
import type { UnionPaySettings } from '../../../server/src/channels/index.ts'
import { MER_ID, testKeys } from '../../../simulators/unionpay/index.ts'
import { one } from '../database.ts'
import { sealRest } from '../engine.ts'
import { percentile } from '../figures.ts'
import type { Design, Loaded, Opened } from '../measure.ts'
import type { Spread } from '../plan.ts'
import type { LoadOrder, LoadResult } from './load-process.ts'
import { AMOUNT, destinations, POOL } from './order.ts'
import { type Child, freePort, startProcess } from './processes.ts'
import type { RailSettings, RailTally } from './rail-process.ts'
import type { Booked, ServerSettings } from './server-process.ts'

export interface PaymentDesignOptions {
  readonly name: string
  readonly spread: Spread
  readonly signature: 'keyed' | 'rsa'
  readonly naive: boolean
}

const CONNECTIONS = 64
const DRAIN_MS = 60_000
/** A server just started is slow: what is measured is one that has been at work. */
const WARM_UP_SECONDS = 2

function channelSettings(rail: string, callbackUrl: string, rsa: boolean): UnionPaySettings {
  const keys = testKeys()
  return {
    url: rail,
    merId: MER_ID,
    backUrl: callbackUrl,
    signature: rsa
      ? {
          method: '01',
          privateKeyPem: keys.merchantKeyPem,
          certPem: keys.merchantCertPem,
          encryptCertPem: keys.encryptCertPem,
          rootPem: keys.rootPem,
          middlePems: [keys.middlePem],
        }
      : { method: '11', key: keys.secureKey },
  }
}

interface Running {
  /** Payments made before the measurement. */
  warm: number
  readonly port: number
  readonly rail: Child
  readonly server: Child
  readonly load: Child
  readonly client: pg.Client
}

async function start(url: string, options: PaymentDesignOptions): Promise<Running> {
  const port = await freePort()
  const railPort = await freePort()
  const callbackUrl = `http://127.0.0.1:${port}/v1/channels/unionpay/callbacks`
  const railSettings: RailSettings = { port: railPort, callbackUrl }
  const rail = await startProcess<{ url: string }>('./rail-process.ts', railSettings)
  const channel = channelSettings(rail.first.url, callbackUrl, options.signature === 'rsa')
  const settings: ServerSettings = { url, port, naive: options.naive, channel }
  const server = await startProcess('./server-process.ts', settings)
  const load = await startProcess('./load-process.ts', {})
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return { warm: 0, port, rail, server, load, client }
}

/** Pay-ins over HTTP. Their latencies are of the request; what was booked when is in `more`. */
export function paymentDesign(options: PaymentDesignOptions): Design {
  return {
    name: options.name,
    open: async (url): Promise<Opened> => {
      const running = await start(url, options)
      const { rail, server, load, client } = running
      running.warm = (await pay(running, options, WARM_UP_SECONDS)).references.length
      return {
        load: async (seconds) => {
          const used = [server.cpu(), rail.cpu(), load.cpu()] as const
          const result = await pay(running, options, seconds)
          const count = result.references.length
          if (!options.naive) await sealRest(client, POOL)
          const [ofServer, ofRail, ofLoad] = [server, rail, load].map(
            (child, n) => (child.cpu() - used[n]!) / count,
          ) as [number, number, number]
          const disk = Number(await one<string>(client, DISK))
          const booked = waits(result, await server.ask<Booked>('booked'))
          return {
            count,
            latencies: [...result.took],
            otherCpu: server.cpu() - used[0],
            more: {
              server_cpu: ofServer,
              rail_cpu: ofRail,
              load_cpu: ofLoad,
              booked_p50: percentile(booked, 0.5),
              booked_p99: percentile(booked, 0.99),
              disk,
            },
          }
        },
        check: (loaded) => check(running, options, loaded),
        close: async () => {
          await client.end()
          await Promise.all([load.stop(), server.stop(), rail.stop()])
        },
      }
    },
  }
}

/** Puts load on and waits until all that was answered is booked. */
async function pay(
  { port, load, client, warm }: Running,
  { spread, naive }: PaymentDesignOptions,
  seconds: number,
): Promise<LoadResult> {
  const connections = CONNECTIONS
  const order: LoadOrder = { port, seconds, connections, destinations: destinations(spread) }
  const result = await load.ask<LoadResult>(order)
  await drained(client, naive, warm + result.references.length)
  return result
}

const BOOKED = `select count(*) as value from ledger.transfer where book_id = ${POOL}`
const NAIVE_BOOKED = `select count(*) as value from naive_payment.payment where state = 'succeeded'`
/** Whether every subscriber of the pool's events has had the last of them. */
const DELIVERED = `select coalesce(bool_and((c.seq, c.n) >= (last.seq, last.n)), false) as value
  from base.outbox_cursor c,
    (select seq, n from base.outbox where book_id = ${POOL} order by seq desc, n desc limit 1) last
  where c.book_id = ${POOL}`

/** Waits until all are booked, and their events delivered. */
async function drained(client: pg.Client, naive: boolean, count: number): Promise<void> {
  const until = performance.now() + DRAIN_MS
  for (;;) {
    const booked = Number(await one<string>(client, naive ? NAIVE_BOOKED : BOOKED))
    if (booked >= count && (naive || (await one<boolean>(client, DELIVERED)))) return
    if (performance.now() > until) throw new Error(`${booked} of ${count} payments were booked`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Milliseconds from each request to its commit in the ledger. */
function waits({ references, began }: LoadResult, booked: Booked): number[] {
  const at = new Map(booked.references.map((reference, n) => [reference, booked.at[n]!]))
  return references.map((reference, n) => {
    const when = at.get(reference)
    if (when === undefined) throw new Error(`payment ${reference} was booked without its callback`)
    return when - began[n]!
  })
}

/** Bytes of all databases and of the write-ahead log. */
const DISK = `select (select sum(pg_database_size(oid)) from pg_database)
    + (select sum(size) from pg_ls_waldir()) as value`

const STANDING = `select concat_ws('/',
    (select count(*) from payments.pay_in where book_id = ${POOL} and state = 'succeeded'),
    (select count(*) from payments.attempt where book_id = ${POOL} and state = 'succeeded'
       and booked_to = 'destination'),
    (select count(*) from payments.attempt where book_id = ${POOL} and state <> 'succeeded'),
    (select count(*) from ledger.transfer where book_id = ${POOL}),
    (select sum(amount) from ledger.transfer where book_id = ${POOL}),
    (select count(*) from payments.exception),
    (select count(*) from base.due where book_id = ${POOL})) as value`
const NAIVE_STANDING = `select concat_ws('/',
    (select count(*) from naive_payment.payment where state = 'succeeded'),
    (select count(*) from naive_payment.payment where state <> 'succeeded'),
    (select count(*) from naive_payment.entry),
    (select -balance from naive_payment.account order by id limit 1),
    (select sum(balance) from naive_payment.account)) as value`

/** Every payment answered is booked once, no other is, and the rail's book says the same. */
async function check(
  { client, rail, warm }: Running,
  { name, naive }: PaymentDesignOptions,
  loaded: Loaded,
): Promise<void> {
  const count = warm + loaded.count
  const sum = BigInt(count) * AMOUNT
  const found = await one<string>(client, naive ? NAIVE_STANDING : STANDING)
  const expected = naive
    ? `${count}/0/${2 * count}/${sum}/0`
    : `${count}/${count}/0/${count}/${sum}/0/0`
  if (found !== expected) throw new Error(`${name}: ${found} found, ${expected} expected`)
  const tally = await rail.ask<RailTally>('tally')
  if (tally.collected !== count || tally.amount !== sum) {
    throw new Error(`${name}: the rail collected ${tally.collected}, ${count} were answered`)
  }
}
