/**
 * The guides of developers run as they stand: commands in a shell, programs by tsx, in the order of the
 * page; what a page says is printed is printed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sm2 } from 'sm-crypto-v2'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hex, startWebhookServer, type WebhookServer } from './testing/webhook-server.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SDK = new URL('../../sdk/index.ts', import.meta.url).href
const SM2_LIBRARY = import.meta.resolve('sm-crypto-v2')

let server: WebhookServer
let folder: string
let port: number
const running: ChildProcess[] = []
beforeEach(async () => {
  server = await startWebhookServer()
  folder = await mkdtemp(join(tmpdir(), 'tenon-guides-'))
  port = await freePort()
  const npx = `#!/bin/sh\n[ "$1" = tenon ] || exit 127\nshift\nexec node ${ROOT}tools/tenon.mjs "$@"\n`
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin/npx'), npx, { mode: 0o755 })
  await symlink(process.execPath, join(folder, 'bin/node'))
})
afterEach(async () => {
  for (const child of running.splice(0)) signal(child, 'SIGKILL')
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** To the shell and what it runs. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, name)
  } catch {
    // It has ended.
  }
}

interface Block {
  readonly language: string
  readonly code: string
}

async function guide(name: string): Promise<Block[]> {
  const text = await readFile(join(ROOT, `docs/guides/${name}.md`), 'utf8')
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language, code]) => ({
    language: language!,
    code: code!,
  }))
}

/** With the address of the test's server and a port that is free. */
const asHere = (code: string) =>
  code
    .replaceAll('http://127.0.0.1:4000', server.url)
    .replace('http://localhost:3000', `http://127.0.0.1:${port}`)
    .replace('.listen(3000,', `.listen(${port}, '127.0.0.1',`)
    .replace("'@tenon/sdk'", JSON.stringify(SDK))
    .replace("'sm-crypto-v2'", JSON.stringify(SM2_LIBRARY))

interface Running {
  readonly out: () => string
  readonly ended: Promise<number | null>
  /** As Ctrl-C does. */
  interrupt(): void
}

async function start({ language, code }: Block, env: Record<string, string>): Promise<Running> {
  let args = ['-e', '-c', asHere(code)]
  if (language === 'ts') {
    const path = join(folder, `program-${running.length}.mts`)
    await writeFile(path, asHere(code))
    args = ['-c', `exec node --import ${import.meta.resolve('tsx')} ${path}`]
  }
  const child = spawn('sh', args, {
    cwd: folder,
    detached: true,
    env: {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      HOME: folder,
      TENON_DATA: join(folder, 'data'),
      TENON_URL: server.url,
      ...env,
    },
  })
  running.push(child)
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      out += String(chunk)
    })
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { out: () => out, ended, interrupt: () => signal(child, 'SIGINT') }
}

/** A line of a page as a pattern: `…` stands for what differs each time. */
function pattern(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('\\S+')}$`, 'm')
}

/** Runs a page from top to bottom. What `stays` names goes on beside the rest. */
async function follow(
  blocks: readonly Block[],
  stays: RegExp,
  envOf: (outs: readonly string[]) => Record<string, string>,
): Promise<Running[]> {
  const ran: Running[] = []
  for (const block of blocks) {
    if (block.language === 'text') {
      const last = ran.at(-1)!
      for (const line of block.code.trimEnd().split('\n')) {
        await expect.poll(last.out, { timeout: 10_000 }).toMatch(pattern(line))
      }
    } else if (block.language === 'sh' || block.language === 'ts') {
      const one = await start(block, envOf(ran.map(({ out }) => out())))
      ran.push(one)
      if (!stays.test(block.code)) expect(await one.ended, one.out()).toBe(0)
    }
  }
  return ran
}

it.each(['sign-requests', 'webhooks'])('%s has the same blocks in both languages', async (name) => {
  const english = await guide(name)
  expect(english.length).toBeGreaterThan(5)
  expect(await guide(`${name}.zh-CN`)).toEqual(english)
})

it('follows the guide to signing requests', async () => {
  const blocks = await guide('sign-requests')
  const pair = sm2.generateKeyPairHex()
  const at = blocks.findIndex(({ code }) => code.includes('sm-crypto-v2'))
  await follow(blocks.slice(0, at), /never/, () => ({}))
  // From here on another key is believed, that of the next program.
  server.believes = { publicKey: pair.publicKey }
  const env = { SM2_PRIVATE_KEY: pair.privateKey, SM2_KEY_ID: `key_0_${hex(2)}` }
  const from = server.seen.length
  await follow(blocks.slice(at), /never/, () => env)
  expect(server.seen.slice(from)).toMatchObject([{ method: 'GET', path: '/v1/books?limit=100' }])
}, 60_000)

it('prints a signature over exactly the five lines that the guide shows', async () => {
  const blocks = await guide('sign-requests')
  const base = blocks.find(({ language }) => language === 'http')!.code.trimEnd()
  const printed = blocks.find(({ code }) => code.startsWith('content-digest: '))!.code
  const signature = Buffer.from(/^signature: tenon=:(.*):$/m.exec(printed)![1]!, 'base64')
  // The public half of RFC 9421's test key, section B.1.4.
  const key = createPublicKey(
    '-----BEGIN PUBLIC KEY-----\n' +
      'MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n' +
      '-----END PUBLIC KEY-----\n',
  )
  expect(verify(null, Buffer.from(base), key, signature)).toBe(true)
  expect(verify(null, Buffer.from(`${base}\n`), key, signature)).toBe(false)
})

it('follows the guide to webhooks', async () => {
  const secretOf = (outs: readonly string[]) => {
    const secret = /Signed with (whsec_\S+)/.exec(outs[0] ?? '')?.[1]
    return secret === undefined ? {} : { WEBHOOK_SECRET: secret }
  }
  const [listening, receiver] = await follow(
    await guide('webhooks'),
    /tenon listen|createServer/,
    secretOf,
  )
  const data = '{"amount":{"amount":"50051","currency":"CNY"}}'
  await expect
    .poll(() => receiver!.out(), { timeout: 10_000 })
    .toBe(`ready\nnew payment.succeeded ${data}\nknown payment.succeeded ${data}\n`)
  await expect
    .poll(() => listening!.out())
    .toMatch(/payment\.succeeded evt_\w+ → 204 in \d+ ms\n.* \(replay\) → 204 in/)
  listening!.interrupt()
  await listening!.ended
  expect(listening!.out()).toMatch(/^Stopped listening\.$/m)
}, 60_000)

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port: free } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return free
}
