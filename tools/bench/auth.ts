/**
 * `npm run bench -- auth`: what it costs to know who calls. Signed requests (RFC 9421, ed25519, body
 * digest, nonce store on) and requests with a secret go to the same routes of a real server, a process
 * of its own: one route that does nothing else, and transfers. SM2 is measured without HTTP.
 *
 * Requests are signed before the time runs; each is sent once, or the nonce store would refuse it.
 * Budget: 60 s.
 */
import { fork } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import {
  contentDigest,
  createSm2Verifier,
  readVerificationKey,
  signBase,
  signMessage,
  verifySignature,
} from '../../server/src/vault/index.ts'
import { startBenchServer } from './database.ts'
import { accountId, BOOK, fillLedger } from './engine.ts'
import { figure, number, show, table } from './figures.ts'
import type { Bench } from './main.ts'
import { pairs } from './plan.ts'
import { processTime } from './processor-time.ts'
import { RandomPool } from './random-pool.ts'

const PROGRAM = fileURLToPath(new URL('./auth-server.ts', import.meta.url))
const CONNECTIONS = 64
const GATES = { signed_requests_per_s: 3_000, sm2_verify_per_s: 300 } as const

const WAYS = ['signed', 'bearer'] as const
type Way = (typeof WAYS)[number]
const PATHS = { requests: '/bench/noop', transfers: '/v1/transfers' } as const
type Work = keyof typeof PATHS

interface Found {
  readonly perSecond: number
  readonly p99: number
  /** CPU of the server process per request, µs; absent where it cannot be told. */
  readonly cpu: number | undefined
}

export const authBench: Bench = {
  says: 'Signed requests beside requests with a secret, and SM2 verification beside the main loop.',
  options: {
    seconds: { says: 'of each measurement (4)' },
    repeats: { says: 'how often each is measured (2)' },
  },
  run: async (options, print) => {
    const [seconds, repeats] = [options.number('seconds', 4), options.number('repeats', 2)]
    const found = await measureHttp(seconds, repeats)
    const sm2 = await measureSm2(seconds)
    const of = (work: Work, way: Way) => found.get(`${work} ${way}`) ?? []
    const rate = (work: Work, way: Way) => figure(of(work, way).map(({ perSecond }) => perSecond))
    const ratio = (work: Work) =>
      figure(of(work, 'signed').map((one, at) => one.perSecond / of(work, 'bearer')[at]!.perSecond))
    const rows = (Object.keys(PATHS) as Work[]).flatMap((work) =>
      WAYS.map((way) => {
        const cpus = of(work, way).flatMap(({ cpu }) => (cpu === undefined ? [] : [cpu]))
        const cpu = cpus.length === 0 ? 'not known' : show(figure(cpus), 0)
        const p99 = show(figure(of(work, way).map((one) => one.p99)))
        return [`${work}, ${way}`, show(rate(work, way)), cpu, p99]
      }),
    )
    print(table([['load', 'per second', 'CPU µs server', 'p99 ms'], ...rows]))
    const figures = {
      signed_requests_per_s: Math.round(rate('requests', 'signed').median),
      bearer_requests_per_s: Math.round(rate('requests', 'bearer').median),
      signed_transfers_per_s: Math.round(rate('transfers', 'signed').median),
      bearer_transfers_per_s: Math.round(rate('transfers', 'bearer').median),
      transfers_with_signatures_ratio: Number(ratio('transfers').median.toFixed(3)),
      sm2_verify_per_s: Math.round(sm2.perSecond),
      sm2_loop_delay_p99_ms: Number(sm2.delayMs.toFixed(1)),
    }
    print('')
    print(
      table([
        ['figure', 'measured', 'gate', ''],
        ...Object.entries(GATES).map(([name, gate]) => {
          const value = figures[name as keyof typeof GATES]
          return [name, number(value), `≥ ${gate}`, value >= gate ? 'reached' : 'MISSED']
        }),
      ]),
    )
    return { seconds, repeats, ...figures }
  },
}

async function measureHttp(seconds: number, repeats: number): Promise<Map<string, Found[]>> {
  const found = new Map<string, Found[]>()
  const bench = await startBenchServer()
  try {
    await bench.makeTemplate(fillLedger)
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const database = await bench.copy()
      const pair = generateKeyPairSync('ed25519')
      const server = await startServer(database.url, pair.publicKey)
      const client: Client = { ...server, privateKey: pair.privateKey }
      try {
        await fire(client, { work: 'requests', way: 'bearer', seconds: 1 })
        for (const work of Object.keys(PATHS) as Work[]) {
          for (const way of repeat % 2 === 0 ? WAYS : [...WAYS].reverse()) {
            const name = `${work} ${way}`
            const list = found.get(name) ?? []
            list.push(await fire(client, { work, way, seconds }))
            found.set(name, list)
          }
        }
      } finally {
        await server.stop()
      }
      await database.drop()
    }
  } finally {
    await bench.stop()
  }
  return found
}

interface Server {
  readonly pid: number
  readonly address: string
  readonly keyId: string
  readonly secret: string
  stop(): Promise<void>
}

interface Client extends Server {
  readonly privateKey: KeyObject
}

async function startServer(url: string, publicKey: KeyObject): Promise<Server> {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const child = fork(PROGRAM, [url, pem], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const told = await new Promise<Pick<Server, 'address' | 'keyId' | 'secret'>>(
    (resolve, reject) => {
      child.once('message', (message) => resolve(message as never))
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
    },
  )
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
  }
  return { ...told, pid: child.pid!, stop }
}

interface Prepared {
  readonly headers: Record<string, string>
  readonly body: string
}

/** More than a server takes in a second here; a measurement that runs out of them fails. */
const MOST_PER_SECOND = 9_000

function prepare(client: Client, of: { work: Work; way: Way; count: number }): Prepared[] {
  const pool = new RandomPool()
  const next = pairs('uniform')
  const id = (n: number) => `acc_${BOOK}_${accountId(n)}`
  const host = new URL(client.address).host
  const created = Math.floor(Date.now() / 1000)
  const components = ['@method', '@target-uri', 'content-digest', 'idempotency-key']
  return Array.from({ length: of.count }, () => {
    const [debit, credit] = next()
    const body =
      `{"type":"post","id":"tr_${BOOK}_${pool.hex()}","debit_account":"${id(debit)}",` +
      `"credit_account":"${id(credit)}","amount":{"amount":"1","currency":"CNY"}}`
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    if (of.way === 'bearer') {
      return { body, headers: { ...headers, authorization: `Bearer ${client.secret}` } }
    }
    headers['content-digest'] = contentDigest(Buffer.from(body))
    headers['idempotency-key'] = pool.hex()
    const signed = signMessage(
      { method: 'POST', scheme: 'http', authority: host, path: PATHS[of.work], headers },
      {
        ...{ label: 'sig1', components },
        params: {
          ...{ created, expires: created + 200, nonce: pool.hex() },
          ...{ keyid: client.keyId, alg: 'ed25519' },
        },
        sign: (base) => sign(null, base, client.privateKey),
      },
    )
    return { body, headers: { ...headers, ...signed } }
  })
}

async function fire(
  client: Client,
  load: { readonly work: Work; readonly way: Way; readonly seconds: number },
): Promise<Found> {
  const { work, way, seconds } = load
  const prepared = prepare(client, { work, way, count: MOST_PER_SECOND * seconds })
  let at = 0
  const used = processTime(client.pid) ?? 0
  const result = await autocannon({
    url: client.address,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        path: PATHS[work],
        headers: {},
        setupRequest: (request) => {
          const one = prepared[at]
          if (one === undefined) throw new Error('all prepared requests were sent; prepare more')
          at += 1
          return { ...request, ...one }
        },
      },
    ],
  })
  const { non2xx, errors, timeouts } = result
  if (non2xx + errors + timeouts > 0) {
    throw new Error(`${work} ${way}: ${non2xx} refused, ${errors} errors, ${timeouts} timeouts`)
  }
  const count = result['2xx']
  const cpu = processTime(client.pid)
  return {
    perSecond: count / seconds,
    p99: result.latency.p99,
    cpu: cpu === undefined ? undefined : (cpu - used) / count,
  }
}

/** Verifications a second over ten keys, and how long the main loop was held up meanwhile. */
async function measureSm2(seconds: number): Promise<{ perSecond: number; delayMs: number }> {
  const verifier = createSm2Verifier()
  const jobs = Array.from({ length: 10 }, (_, n) => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'SM2' })
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const message = Buffer.from(`request ${n}`)
    const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const key = readVerificationKey('sm2-sm3', publicPem)
    return { key, message, signature: signBase('sm2-sm3', pem, message) }
  })
  const verify = async (n: number) => {
    const { key, message, signature } = jobs[n % jobs.length]!
    if (!(await verifySignature(key, message, signature, verifier))) {
      throw new Error('a good SM2 signature was refused')
    }
  }
  await Promise.all(jobs.map((_, n) => verify(n)))
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const began = performance.now()
  let count = 0
  const caller = async () => {
    while (performance.now() - began < seconds * 1000) {
      await verify(count)
      count += 1
    }
  }
  await Promise.all(Array.from({ length: 16 }, caller))
  delay.disable()
  const perSecond = (count * 1000) / (performance.now() - began)
  await verifier.close()
  // The monitor counts its own pause of 5 ms in.
  return { perSecond, delayMs: Math.max(0, delay.percentile(99) / 1e6 - 5) }
}
