/** The commands of a developer, against a server that speaks the contract over real HTTP. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type WebhookEvent, webhooks } from '../../sdk/index.ts'
import type { EndpointJson } from '../../server/src/webhooks/contract.ts'
import { sandboxKeyFile, writeKeyFile } from '../dev/server.ts'
import {
  eventOf,
  hex,
  SECRET,
  startWebhookServer,
  type WebhookServer,
} from '../dev/testing/webhook-server.ts'
import { run as doctor } from './doctor.ts'
import { run as events } from './events.ts'
import { run as keys } from './keys.ts'
import { run as listen } from './listen.ts'
import { run as trigger } from './trigger.ts'

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string

let server: WebhookServer
let folder: string
const closing: (() => unknown)[] = []
beforeEach(async () => {
  server = await startWebhookServer()
  folder = await mkdtemp(join(tmpdir(), 'tenon-developer-'))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

function terminal(env: Record<string, string> = {}) {
  const lines: string[] = []
  const complaints: string[] = []
  return {
    ...{ lines, complaints },
    env: { TENON_DATA: join(folder, 'data'), TENON_URL: server.url, ...env },
    say: (line: string) => void lines.push(line),
    complain: (line: string) => void complaints.push(line),
    ask: () => Promise.resolve(undefined),
  }
}

/** A handler as the guide shows it: it believes what is signed, and answers by a script. */
async function receiver(script: (number | 'cut')[] = []) {
  const got: { event: WebhookEvent; replay: boolean }[] = []
  const http: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const event = webhooks.verify(body, request.headers, SECRET)
      got.push({ event, replay: request.headers['webhook-replay'] === 'true' })
      const step = script.shift() ?? 204
      if (step === 'cut') return request.socket.destroy()
      response.writeHead(step).end(step < 300 ? undefined : 'no room\nmore')
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  closing.push(() => http.close())
  return { got, address: `127.0.0.1:${(http.address() as { port: number }).port}/hook` }
}

/** Starts listening; `stop` ends it and gives the exit code. */
function listening(args: string[], on = terminal()) {
  const stop = new AbortController()
  const ended = listen(args, on, stop.signal)
  ended.catch(() => undefined)
  const end = () => {
    stop.abort()
    return ended
  }
  closing.push(() => end().catch(() => undefined))
  return { ...on, end }
}

describe('tenon listen', () => {
  it('passes each delivery on, signed, and tells what became of it', async () => {
    const { got, address } = await receiver([204, 500, 'cut'])
    const { lines, end } = listening([
      '--forward-to',
      address,
      '--events',
      'payment.*,payout.failed',
    ])
    await expect.poll(() => server.sessions.length).toBe(1)
    expect(server.wanted).toEqual([['payment.*', 'payout.failed']])
    server.send(eventOf(1, 'payment.succeeded', { note: '房款' }))
    server.send(eventOf(2, 'payout.failed'), true)
    server.send(eventOf(3, 'payout.failed'))
    await expect.poll(() => server.results.length).toBe(3)
    expect(got.map(({ event, replay }) => [event.id, replay])).toEqual([
      [`evt_1_${hex(1)}`, false],
      [`evt_1_${hex(2)}`, true],
      [`evt_1_${hex(3)}`, false],
    ])
    expect(server.results).toMatchObject([
      { delivery: `whd_1_${hex(1)}`, status: 204 },
      { status: 500, reply: 'no room\nmore' },
      { status: null, error: expect.stringMatching(/\w/) },
    ])
    expect(await end()).toBe(0)
    expect(lines[1]).toBe(`Each delivery goes to http://${address}.`)
    expect(lines.join('\n')).not.toContain(SECRET)
    expect(lines[3]).toMatch(/^payment\.succeeded evt_1_0+1 → 204 in \d+ ms$/)
    expect(lines[4]).toMatch(/^payout\.failed evt_1_0+2 \(replay\) → 500 in \d+ ms: no room$/)
    expect(lines[5]).toMatch(/^payout\.failed evt_1_0+3 → no answer: \w/)
    expect(lines[6]).toBe('Stopped listening.')
  })

  it('shows its secret when asked to, and writes one JSON object a line', async () => {
    const { lines, complaints, end } = listening(['--print-secret', '--format', 'json'])
    await expect.poll(() => server.sessions.length).toBe(1)
    server.send(eventOf(1, 'payment.succeeded'))
    await expect.poll(() => server.results.length).toBe(1)
    expect(await end()).toBe(0)
    expect(complaints.join('\n')).toContain(`Signed with ${SECRET}`)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { status: 200, replay: false, event: { type: 'payment.succeeded' } },
    ])
  })

  it('goes on after the server failed, and opens another session after it forgot', async () => {
    const { lines, complaints } = listening([])
    await expect.poll(() => server.sessions.length).toBe(1)
    server.fail(4)
    await expect.poll(() => complaints.length, { timeout: 8_000 }).toBe(1)
    expect(complaints[0]).toBe('Refused: restarting. Asking again.')
    server.forget()
    await expect.poll(() => server.sessions.length, { timeout: 8_000 }).toBe(1)
    server.send(eventOf(1, 'payment.succeeded'))
    await expect.poll(() => server.results.length).toBe(1)
    expect(lines.filter((line) => line.startsWith('Listening at'))).toHaveLength(2)
  })

  it.each([
    [['--format', 'xml'], /--format takes text or json/],
    [['--forward-to', 'ftp://here'], /"ftp:\/\/here" is no address to forward to/],
    [['--forward-to', 'http://'], /is no address to forward to/],
  ])('refuses %j', async (args, says) => {
    await expect(listen(args, terminal(), AbortSignal.abort())).rejects.toThrow(says)
  })
})

describe('tenon trigger', () => {
  it('sends a sample with your own data, which reaches the listener', async () => {
    const { got, address } = await receiver()
    listening(['--forward-to', address])
    await expect.poll(() => server.sessions.length).toBe(1)
    const on = terminal()
    expect(await trigger(['payment.succeeded', '--set', 'amount=500.51'], on)).toBe(0)
    await expect.poll(() => got.length).toBe(1)
    expect(got[0]!.event).toMatchObject({ test: true, data: { amount: { amount: '50051' } } })
    expect(on.lines.at(-1)).toBe('On its way to 1 receiver.')
  })

  it('sends fields as texts, JSON where it looks like it', async () => {
    const set = ['a.b=7', 'c={"d":[1]}', 'e=null', 'f=房款', 'g=']
    await trigger(['payment.succeeded', ...set.flatMap((each) => ['--set', each])], terminal())
    expect(JSON.parse(server.seen.at(-1)!.body)).toEqual({
      type: 'payment.succeeded',
      set: { 'a.b': '7', c: { d: [1] }, e: null, f: '房款', g: '' },
    })
  })

  it('lists what there is, and says that nobody wants it', async () => {
    const on = terminal()
    expect(await trigger(['--list'], on)).toBe(0)
    expect(on.lines).toEqual(['payment.succeeded  A payment was paid'])
    await trigger(['payment.succeeded'], on)
    expect(on.lines.at(-1)).toMatch(/^Nobody wants it/)
  })

  it.each([
    [[], /Name one event/],
    [['payment.succeeded', '--list'], /Name one event/],
    [['payment.succeeded', '--set', 'amount'], /--set takes field=value/],
    [['payment.succeeded', '--set', '=1'], /--set takes field=value/],
    [['payment.succeeded', '--set', 'amount=5.001'], /"5\.001" is no amount in yuan/],
    [['payment.succeeded', '--set', 'c={"d"'], /The value of c is no JSON/],
    [['payment.eaten'], /Refused: event_type_not_found/],
  ])('refuses %j', async (args, says) => {
    await expect(trigger(args, terminal())).rejects.toThrow(says)
  })
})

describe('tenon events', () => {
  beforeEach(() => {
    const types = ['payment.succeeded', 'payout.failed', 'payment.succeeded', 'payout.failed']
    server.events.push(...types.map((type, n) => eventOf(n, type)))
  })

  it('lists page after page, the newest first', async () => {
    const on = terminal()
    expect(await events(['list', '--limit', '3'], on)).toBe(0)
    expect(on.lines.map((line) => line.slice(-1))).toEqual(['3', '2', '1'])
    const json = terminal()
    await events(['list', '--type', 'payout.failed', '--format', 'json'], json)
    expect(json.lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual([
      `evt_1_${hex(3)}`,
      `evt_1_${hex(1)}`,
    ])
  })

  it('sends again, which reaches the listener here, as they happened', async () => {
    const { got, address } = await receiver()
    listening(['--forward-to', address])
    await expect.poll(() => server.sessions.length).toBe(1)
    const on = terminal()
    expect(await events(['resend', `evt_1_${hex(2)}`], on)).toBe(0)
    expect(on.lines).toEqual([`evt_1_${hex(2)}: On its way to 1 receiver.`])
    await expect.poll(() => got.length).toBe(1)
    expect(await events(['replay', '--since', '2026-03-01T00:01:00.000Z'], terminal())).toBe(0)
    await expect.poll(() => got.length).toBe(4)
    expect(got.map(({ event, replay }) => [event.id.slice(-1), replay])).toEqual(
      ['2', '1', '2', '3'].map((id) => [id, true]),
    )
  })

  it('asks one endpoint’s replay of the server', async () => {
    const endpoint = `whk_0_${hex(9)}`
    const on = terminal()
    const since = '2026-03-01T00:00:00Z'
    const args = ['replay', '--since', since, '--endpoint', endpoint, '--failed']
    expect(await events([...args, '--type', 'payout.*'], on)).toBe(0)
    expect(server.seen.at(-1)).toMatchObject({ path: `/v1/webhooks/endpoints/${endpoint}/replays` })
    expect(JSON.parse(server.seen.at(-1)!.body)).toEqual({
      ...{ since, events: ['payout.*'], failed_only: true },
    })
    expect(on.lines).toEqual([`3 deliveries are on their way to ${endpoint}.`])
  })

  it('ends with 1 when nobody got it', async () => {
    expect(await events(['resend', `evt_1_${hex(2)}`], terminal())).toBe(1)
  })

  it.each([
    [[], /Write: tenon events list/],
    [['resend'], /Write: tenon events list/],
    [['replay'], /Name the time to replay from/],
    [['replay', '--since', 'x', '--failed'], /name it with --endpoint/],
    [['list', '--limit', 'ten'], /--limit takes a whole number/],
    [['resend', 'evt_1_0'], /Refused: event_not_found/],
  ])('refuses %j', async (args, says) => {
    await expect(events(args, terminal())).rejects.toThrow(says)
  })
})

describe('tenon doctor', () => {
  const pair = generateKeyPairSync('ed25519')
  const other = generateKeyPairSync('ed25519')
  const signing = async (key: KeyObject) => {
    const path = join(folder, 'key.json')
    const id = `key_0_${hex(1)}`
    await writeKeyFile(path, { id, alg: 'ed25519', private_key: pem(key) })
    return path
  }
  const examined = async (env: Record<string, string> = {}) => {
    const on = terminal(env)
    const code = await doctor([], on)
    return { code, text: on.lines.join('\n') }
  }
  const endpoint = (changed: Partial<EndpointJson>): EndpointJson => ({
    ...{ id: `whk_0_${hex(1)}`, merchant: null, url: 'https://a.example/hook', events: ['*'] },
    ...{ description: '', state: 'enabled', disabled_because: '', created: '' },
    ...{ old_secret_until: null, ...changed },
    health: {
      ...{ failures: 0, failing_since: null, last_success: null, last_failure: null },
      ...{ waiting: 0, dead: 0, ...changed.health },
    },
  })

  it('finds nothing wrong with a key that signs', async () => {
    server.believes = { publicKey: pair.publicKey }
    const path = await signing(pair.privateKey)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const { code, text } = await examined({ TENON_KEY_FILE: path })
    expect(text).toMatch(/^ok {5}server .*answers in \d+ ms\.$/m)
    expect(text).toMatch(/^ok {5}clock .*agree\.$/m)
    expect(text).toContain(`ok     key        The key from the file ${path} is accepted.`)
    expect(text).toMatch(/^ok {5}signature .*is accepted\.$/m)
    expect(text).toMatch(/^- {6}webhooks .*needs none\.$/m)
    expect(code).toBe(0)
  })

  it('tells a wrong key from one that was not tried', async () => {
    const key = await signing(other.privateKey)
    expect((await examined({ TENON_KEY_FILE: key })).text).toMatch(/^- {6}key .*was not tried/m)
    server.believes = { publicKey: pair.publicKey, secret: 'tk_test_right' }
    const wrong = await examined({ TENON_KEY_FILE: key })
    expect(wrong.text).toMatch(/^WRONG {2}key .*\(signature_wrong\): Refused/m)
    expect(wrong.text).toMatch(/^- {6}signature .*without a key that is accepted/m)
    expect(wrong.code).toBe(1)
    const secret = await examined({ TENON_KEY: 'tk_test_wrong' })
    expect(secret.text).toMatch(/^WRONG {2}key .*TENON_KEY is refused \(key_not_accepted\)/m)
    expect(secret.text).not.toContain('tk_test_wrong')
    const none = await examined()
    expect(none.text).toMatch(/^WRONG {2}key .*put one into TENON_KEY/m)
    expect((await examined({ TENON_KEY: 'tk_test_right' })).text).toMatch(/^ok {5}key /m)
  })

  it.each<[number, RegExp, number]>([
    [0, /^ok {5}clock/m, 0],
    [30_000, /^- {6}clock .* Your clock is (29|30) s behind the server’s; signatures pass/m, 0],
    [70_000, /^WRONG {2}clock .*is (69|70) s behind the server’s, so every/m, 1],
    [-70_000, /^- {6}clock .*is (69|70) s ahead of the server’s; signatures pass up to 300 s/m, 0],
    [-310_000, /^WRONG {2}clock .*is (309|310) s ahead of/m, 1],
  ])('sees a clock that is %d ms off', async (off, says, code) => {
    server.clockOff = off
    const seen = await examined()
    expect(seen.text).toMatch(says)
    expect(seen.code).toBe(code)
  })

  it('says which endpoints do not get what they want', async () => {
    const at = '2026-03-01T00:00:00Z'
    const { health } = endpoint({})
    server.endpoints.push(
      endpoint({ health: { ...health, last_success: at } }),
      endpoint({}),
      endpoint({ health: { ...health, failures: 3, failing_since: at, waiting: 5, dead: 1 } }),
      endpoint({ state: 'disabled', disabled_because: 'gone' }),
      endpoint({ state: 'disabled', disabled_because: 'person' }),
    )
    const { code, text } = await examined()
    const found = text.split('\n').filter((line) => line.includes('webhooks '))
    expect(found.map((line) => line.slice(0, 5).trim())).toEqual(['ok', '-', 'WRONG', 'WRONG', '-'])
    expect(found[2]).toContain('has failed 3 times since 2026-03-01T00:00:00Z; 5 waiting, 1 dead.')
    expect(found[3]).toContain('it answered 410')
    expect(code).toBe(1)
  })

  it('stops at a server that does not answer', async () => {
    const { code, text } = await examined({ TENON_URL: 'http://127.0.0.1:9' })
    expect(text).toMatch(/^WRONG {2}server .*Nothing answers at http:\/\/127\.0\.0\.1:9;[^\n]*$/)
    expect(code).toBe(1)
  })
})

describe('tenon keys create', () => {
  const made = (...args: string[]) => ['create', '--name', 'n', '--role', 'operator', ...args]

  it('keeps the private key here, and the key opens', async () => {
    const out = join(folder, 'made.json')
    const on = terminal()
    expect(await keys(made('--sign', 'rsa-pss-sha512', '--out', out), on)).toBe(0)
    expect(server.seen.at(-1)!.body).not.toContain('PRIVATE')
    expect(JSON.parse(server.seen.at(-1)!.body)).toMatchObject({ secret: false })
    expect(on.lines.join()).not.toContain('PRIVATE')
    expect((await stat(out)).mode & 0o777).toBe(0o600)
    expect(await events(['list'], terminal({ TENON_KEY_FILE: out }))).toBe(0)
    await expect(events(['list'], terminal())).rejects.toThrow('Refused: credentials_missing')
    await expect(keys(made('--out', out), on)).rejects.toThrow(/There is a file .* already/)
  })

  it('shows a secret once, or keeps it', async () => {
    const on = terminal()
    expect(await keys(made(), on)).toBe(0)
    expect(on.lines.at(-1)).toBe('tk_test_made')
    server.believes = {}
    const out = join(folder, 'made.json')
    const kept = terminal()
    expect(await keys(made('--out', out), kept)).toBe(0)
    expect(kept.lines.join()).not.toContain('tk_test_made')
    expect(await readFile(out, 'utf8')).toContain('tk_test_made')
  })

  it.each([
    [['create'], /Name the key and its role/],
    [['make'], /Write: tenon keys list, create/],
    [['list', 'key_0_1'], /Write: tenon keys list, create/],
    [['revoke'], /Write: tenon keys list, create/],
    [made('--requires-signature'), /name how: --sign ed25519/],
    [made('--sign', 'rsa'), /--sign takes ed25519 or/],
    [made('--sign', 'sm2-sm3'), /Make a key of SM2 where it is kept/],
    [made('--sign', 'ed25519'), /Name the file that keeps the private key/],
  ])('refuses %j', async (args, says) => {
    await expect(keys(args, terminal())).rejects.toThrow(says)
  })
})

describe('the key', () => {
  it('of the sandbox is found where npm start leaves it', async () => {
    server.believes = { secret: 'tk_test_sandbox' }
    const on = terminal()
    await writeKeyFile(sandboxKeyFile(on.env), { secret: 'tk_test_sandbox' })
    expect(await events(['list'], on)).toBe(0)
    expect(await readFile(sandboxKeyFile(on.env), 'utf8')).toContain('tk_test_sandbox')
  })

  it.each<[string, string, RegExp]>([
    ['is none', '{"secret":7}', /holds no key/],
    ['is no JSON', 'tk_test_hush', /^(?!.*hush).*holds no key/],
    ['has another algorithm', '{"id":"key_0_1","alg":"sm2-sm3","private_key":"x"}', /holds no key/],
    ['has no PEM', '{"id":"key_0_1","alg":"ed25519","private_key":"hush"}', /^(?!.*hush).*no key/],
  ])('of a file that %s is refused', async (_name, text, says) => {
    const path = join(folder, 'key.json')
    await writeFile(path, text)
    await expect(events(['list'], terminal({ TENON_KEY_FILE: path }))).rejects.toThrow(says)
  })

  it('cannot help where nobody listens', async () => {
    const gone = await startWebhookServer()
    await gone.close()
    await expect(events(['list'], terminal({ TENON_URL: gone.url }))).rejects.toThrow(
      `Nothing answers at ${gone.url} (ECONNREFUSED). Start the sandbox`,
    )
  })

  it.each<[Record<string, string>, RegExp]>([
    [{ TENON_KEY: 'hush' }, /^(?!.*hush).*is no secret of a key/],
    [{ TENON_KEY: 'tk_test_a', TENON_KEY_FILE: 'b' }, /unset one of them/],
    [{ TENON_KEY_FILE: '/nonexistent' }, /cannot be read \(ENOENT\)/],
    [{ TENON_URL: 'nowhere' }, /"nowhere" is no address/],
  ])('%j is refused with a sentence', async (env, says) => {
    await expect(events(['list'], terminal(env))).rejects.toThrow(says)
  })
})
