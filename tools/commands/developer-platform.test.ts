/** The client and the commands of a developer against the real guard and the real routes. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sm2 } from 'sm-crypto-v2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTenon, type SigningKey, type WebhookEvent, webhooks } from '../../sdk/index.ts'
import { writeKeyFile } from '../dev/server.ts'
import { MERCHANT, type Platform, startPlatform } from '../dev/testing/platform.ts'
import { run as doctor } from './doctor.ts'
import { run as events } from './events.ts'
import { run as keys } from './keys.ts'
import { run as listen } from './listen.ts'
import { run as trigger } from './trigger.ts'

let platform: Platform
let folder: string
/** The file of an engineer's key that signs. */
let own: string
let ownId: string
const ED25519 = generateKeyPairSync('ed25519')

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string
const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string

beforeAll(async () => {
  platform = await startPlatform()
  folder = await mkdtemp(join(tmpdir(), 'tenon-platform-'))
  own = join(folder, 'own.json')
  const made = await platform.engineer({
    algorithm: 'ed25519',
    publicKey: spki(ED25519.publicKey),
  })
  ownId = made.id
  await writeKeyFile(own, { id: ownId, alg: 'ed25519', private_key: pkcs8(ED25519.privateKey) })
})
afterAll(async () => {
  await platform?.close()
  await rm(folder, { recursive: true, force: true })
})

function terminal(env: Record<string, string> = { TENON_KEY_FILE: own }) {
  const lines: string[] = []
  return {
    lines,
    env: { TENON_DATA: join(folder, 'data'), TENON_URL: platform.url, ...env },
    say: (line: string) => void lines.push(line),
    complain: (line: string) => void lines.push(line),
    ask: () => Promise.resolve(undefined),
  }
}

describe('the real guard', () => {
  /** The public key of SM2 as PEM: the point behind the header of its curve. */
  const sm2Pem = (point: string) => {
    const header = '3059301306072a8648ce3d020106082a811ccf5501822d034200'
    const der = Buffer.from(header + point, 'hex').toString('base64')
    return `-----BEGIN PUBLIC KEY-----\n${der.match(/.{1,64}/g)!.join('\n')}\n-----END PUBLIC KEY-----\n`
  }
  const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const SM2 = sm2.generateKeyPairHex()

  async function registered(
    alg: SigningKey['alg'],
  ): Promise<{ key: SigningKey; end: () => unknown }> {
    const publicKey = alg === 'sm2-sm3' ? sm2Pem(SM2.publicKey) : spki(RSA.publicKey)
    const { id } = await platform.engineer({ algorithm: alg, publicKey })
    const key: SigningKey =
      alg === 'sm2-sm3'
        ? {
            ...{ id, alg },
            sign: (bytes) => {
              const options = { hash: true, der: false }
              return Buffer.from(sm2.doSignature(bytes, SM2.privateKey, options), 'hex')
            },
          }
        : { id, alg, privateKey: RSA.privateKey }
    return { key, end: () => keys(['revoke', id], terminal()) }
  }

  it.each(['rsa-pss-sha512', 'sm2-sm3'] as const)('believes what %s signs', async (alg) => {
    const { key, end } = await registered(alg)
    const tenon = createTenon({ baseUrl: platform.url, key })
    for await (const book of tenon.books.list({ pageSize: 3 })) expect(book.id).toMatch(/^book_/)
    const opened = await tenon.fetch('/v1/webhooks/listen', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ events: ['payout.*'] }),
    })
    expect(opened.status).toBe(201)
    await end()
    await expect(tenon.books.list().next()).rejects.toMatchObject({
      code: 'signature_key_unknown',
      status: 401,
    })
  })

  it('names what was changed on the way', async () => {
    const key = { id: ownId, alg: 'ed25519', privateKey: ED25519.privateKey } as const
    const changed = (change: (request: Request) => Request) =>
      createTenon({
        baseUrl: platform.url,
        key,
        retries: 0,
        fetch: (request) => globalThis.fetch(change(request)),
      }).books.create({ name: 'x', currency: 'CNY', chart: 'plain' })
    const other = (init: RequestInit) => (request: Request) => new Request(request, init)
    await expect(changed(other({ body: '{}' }))).rejects.toMatchObject({
      code: 'signature_digest_differs',
    })
    await expect(
      changed((request) => {
        request.headers.set('idempotency-key', 'other')
        return request
      }),
    ).rejects.toMatchObject({ status: 401 })
    await expect(
      changed((request) => new Request(`${request.url}?x=1`, request)),
    ).rejects.toMatchObject({ code: 'signature_component_differs' })
  })

  it('takes a signature once', async () => {
    let first: Request | undefined
    const key = { id: ownId, alg: 'ed25519', privateKey: ED25519.privateKey } as const
    const keep = (request: Request) => {
      first ??= request.clone()
      return globalThis.fetch(request)
    }
    const tenon = createTenon({ baseUrl: platform.url, key, fetch: keep })
    await tenon.list('/v1/books', {}).next()
    const again = await globalThis.fetch(first!)
    expect(await again.json()).toMatchObject({ code: 'signature_nonce_reused' })
  })
})

describe('the real routes', () => {
  it('make, rotate and end keys that the commands then work with', async () => {
    const out = join(folder, 'till.json')
    const made = terminal()
    const merchant = `mch_0_${MERCHANT}`
    const draft = ['create', '--name', 'till', '--role', 'merchant', '--merchant', merchant]
    // An engineer has not got all that a merchant's key may do, and nobody gives what he has not.
    await expect(keys([...draft, '--out', out], made)).rejects.toThrow('no permission payments')
    const engineer = ['create', '--name', 'spare', '--role', 'engineer', '--sign', 'ed25519']
    expect(await keys([...engineer, '--requires-signature', '--out', out], made)).toBe(0)
    const spare = terminal({ TENON_KEY_FILE: out })
    expect(await keys(['list'], spare)).toBe(0)
    expect(spare.lines.join('\n')).toMatch(/^key_0_\w+ {2}live +engineer +spare \(ed25519\)$/m)
    const id = /^key_0_\w+/.exec(made.lines[0]!)![0]
    expect(await keys(['revoke', id], terminal())).toBe(0)
    await expect(keys(['list'], spare)).rejects.toThrow(/names none that can verify/)
    const rotated = join(folder, 'rotated.json')
    expect(await keys(['rotate', ownId, '--grace-hours', '1', '--out', rotated], terminal())).toBe(
      0,
    )
    expect(JSON.parse(await readFile(rotated, 'utf8'))).toMatchObject({ alg: 'ed25519' })
    expect(await doctor([], terminal({ TENON_KEY_FILE: rotated }))).toBe(0)
  })

  it('send samples, and again, to the listener here', async () => {
    const got: { event: WebhookEvent; replay: boolean }[] = []
    let secret = ''
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => void chunks.push(chunk))
      request.on('end', () => {
        const event = webhooks.verify(Buffer.concat(chunks), request.headers, secret)
        got.push({ event, replay: request.headers['webhook-replay'] === 'true' })
        response.writeHead(204).end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const { port } = receiver.address() as { port: number }
    const on = terminal()
    const stop = new AbortController()
    const args = ['--forward-to', `127.0.0.1:${port}/hook`, '--print-secret']
    const ended = listen([...args, '--events', 'payment.*'], on, stop.signal)
    await expect.poll(() => on.lines.length, { timeout: 5_000 }).toBe(3)
    secret = /Signed with (\S+)/.exec(on.lines[2]!)![1]!
    const sent = terminal()
    expect(await trigger(['payment.succeeded', '--set', 'amount=500.51'], sent)).toBe(0)
    expect(sent.lines.at(-1)).toBe('On its way to 1 receiver.')
    expect(await trigger(['refund.created'], sent)).toBe(0)
    expect(sent.lines.at(-1)).toMatch(/^Nobody wants it/)
    await expect.poll(() => got.length, { timeout: 5_000 }).toBe(1)
    expect(got[0]!.event).toMatchObject({
      type: 'payment.succeeded',
      test: true,
      data: { amount: { amount: '50051', currency: 'CNY' } },
    })
    const listed = terminal()
    expect(await events(['list', '--type', 'payment.*'], listed)).toBe(0)
    expect(listed.lines).toHaveLength(1)
    const { id, created } = got[0]!.event
    expect(listed.lines[0]).toContain(id)
    expect(await events(['resend', id], terminal())).toBe(0)
    await expect.poll(() => got.length, { timeout: 5_000 }).toBe(2)
    expect(await events(['replay', '--since', created], terminal())).toBe(0)
    await expect.poll(() => got.length, { timeout: 5_000 }).toBe(3)
    expect(got.map(({ event, replay }) => [event.id, replay])).toEqual([
      [id, false],
      [id, true],
      [id, true],
    ])
    stop.abort()
    expect(await ended).toBe(0)
    receiver.close()
    await expect(trigger(['payment.eaten'], terminal())).rejects.toThrow(/Name types of/)
  })

  it('let the doctor find a good key, a wrong one, and none', async () => {
    const well = terminal()
    expect(await doctor([], well)).toBe(0)
    expect(well.lines.map((line) => line.slice(0, 16).trimEnd())).toEqual([
      'ok     server',
      'ok     clock',
      'ok     key',
      'ok     signature',
      '-      webhooks',
    ])
    const wrong = terminal({ TENON_KEY: `tk_test_${'0'.repeat(64)}` })
    expect(await doctor([], wrong)).toBe(1)
    expect(wrong.lines[2]).toMatch(/^WRONG {2}key .*\(key_not_accepted\)/)
    const none = terminal({})
    expect(await doctor([], none)).toBe(1)
    expect(none.lines[2]).toMatch(/^WRONG {2}key .*None is set/)
  })
})
