/**
 * The sandbox as its users meet it: one `npm start`, its seeded order paid over every channel by the
 * magic amounts, money paid out and given back, a day settled. Judged by what the command prints, by
 * the ledger, and by the rails' own books.
 */
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAGIC_AMOUNTS } from '../../simulators/channel/magic.ts'
import { magicOf, WAYS } from '../pay/ways.ts'
import { RAIL_NAMES } from '../rails/names.ts'
import { readSandbox, type Sandbox } from '../start/sandbox-file.ts'
import { freePorts, isUp, processesOf, type Run, startTenon } from '../start/testing.ts'
import { run as pay } from './pay.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

let root: string
let started: Run
let sandbox: Sandbox

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenon-pay-'))
  await chmod(root, 0o755)
  started = startTenon(root, await freePorts(), '--no-sale')
  await isUp(started)
  sandbox = (await readSandbox(started.env))!
}, 120_000)

afterAll(async () => {
  await started.stop()
  await rm(root, { recursive: true, force: true })
})

/** `tenon pay` in this process: its exit code and what it prints. */
async function tenonPay(...args: string[]) {
  const lines: string[] = []
  const say = (line: string) => void lines.push(line)
  const terminal = { env: started.env, say, complain: say, ask: async () => undefined }
  const code = await pay(args, terminal).catch((error: Error) => {
    lines.push(error.message)
    return 1
  })
  return { code, out: lines.join('\n') }
}

const read = async <T>(url: string) => (await (await fetch(url)).json()) as T

async function balance(): Promise<bigint> {
  const account = await read<{ balances: { posted: { amount: string } } }>(
    `${sandbox.api}/v1/accounts/${sandbox.order}`,
  )
  return BigInt(account.balances.posted.amount)
}

interface RailOrder {
  readonly reference: string
  readonly amount: string
  readonly state: string
}

/** What the rail says moved under the reference that the command printed. */
async function atRail(channel: keyof Sandbox['rails'], out: string): Promise<RailOrder[]> {
  const reference = /goes over \S+ under (\S+)\./.exec(out)?.[1]
  const orders = await read<RailOrder[]>(`${sandbox.rails[channel]}/admin/orders`)
  return orders.filter((order) => order.reference === reference)
}

it('prints its order, and says of every magic amount what the rails do', async () => {
  expect(started.out()).toContain(`Order to pay      ${sandbox.order} `)
  expect(started.err()).toBe('')
  const { code, out } = await tenonPay('--list')
  expect(code).toBe(0)
  for (const digits of Object.keys(MAGIC_AMOUNTS)) {
    expect(out).toContain(`*.${digits} `)
    expect(magicOf(BigInt(`1${digits}`))?.digits).toBe(digits)
  }
  for (const { method } of WAYS) expect(out).toContain(method)
})

/** What the order held when the payments below began. */
let before = 0n

const guide = (language: string) =>
  readFile(join(ROOT, `docs/guides/sandbox${language}.md`), 'utf8')

const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code!,
  )

it('runs every command of the guide, which is the same in both languages', async () => {
  const english = await guide('')
  const commands = blocks(english, 'sh')
  expect(commands.length).toBeGreaterThan(8)
  expect(blocks(await guide('.zh-CN'), 'sh')).toEqual(commands)
  expect(blocks(await guide('.zh-CN'), 'text')).toEqual(blocks(english, 'text'))
  const { code, out } = await shell(await asHere(commands.join('\n')))
  expect(code, out).toBe(0)
  for (const channel of ['wechat-pay', 'alipay', 'unionpay', 'offline-transfer']) {
    expect(out).toMatch(new RegExp(`In transit with ${channel} +¥0\\.00`))
  }
  before = await balance()
  for (const line of blocks(english, 'text').join('\n').split('\n')) {
    if (line !== '') expect(out).toMatch(pattern(await asHere(line)))
  }
}, 120_000)

/** With the addresses of this sandbox. */
async function asHere(text: string): Promise<string> {
  return RAIL_NAMES.reduce(
    (all, name, index) => all.replaceAll(`http://127.0.0.1:${7311 + index}`, sandbox.rails[name]),
    text,
  )
}

/** A line of the guide as a pattern: `…` stands for what differs each time. */
function pattern(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('\\S+')}$`, 'm')
}

/** Runs it by a shell in which `npx tenon` is this checkout's. */
async function shell(script: string): Promise<{ code: number | null; out: string }> {
  const bin = join(root, 'bin')
  await rm(bin, { recursive: true, force: true })
  await mkdir(bin)
  const npx = `#!/bin/sh\n[ "$1" = tenon ] || exit 127\nshift\nexec node ${ROOT}tools/tenon.mjs "$@"\n`
  await writeFile(join(bin, 'npx'), npx, { mode: 0o755 })
  await symlink(process.execPath, join(bin, 'node'))
  const env = { ...started.env, PATH: `${bin}:${started.env.PATH}` }
  const child = spawn('sh', ['-e', '-c', script], { env, cwd: ROOT })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      out += String(chunk)
    })
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out }
}

const good = WAYS.map((way, index) => ({ ...way, amount: `${101 + index}.00` }))
const paidAll = ['wechat_native', 'alipay_qr', 'collection'].flatMap((method, index) =>
  ['13', '68', '77'].map((digits) => ({ method, amount: `${201 + index}.${digits}` })),
)
const refused = [
  ['wechat_native', '51', 'F', 'NOT_ENOUGH'],
  ['wechat_native', '05', 'B', 'TRADE_ERROR'],
  ['wechat_native', '03', 'M', 'APPID_MCHID_NOT_MATCH'],
  ['alipay_qr', '51', 'F', 'ACQ.BUYER_BALANCE_NOT_ENOUGH'],
  ['alipay_qr', '05', 'T', 'ACQ.PAYMENT_FAIL'],
  ['alipay_qr', '03', 'M', 'ACQ.PARTNER_ERROR'],
  ['alipay_qr', '34', 'R', 'ACQ.PAYMENT_REQUEST_HAS_RISK'],
  ['collection', '51', 'F', '64'],
  ['collection', '05', 'B', '60'],
  ['collection', '03', 'M', '43'],
  ['collection', '65', 'L', '81'],
] as const

/** Of the payments below, what has to have been booked. */
const booked = [...good, ...paidAll].reduce((sum, { amount }) => sum + fen(amount), 0n)

function fen(yuan: string): bigint {
  return BigInt(yuan.replace('.', ''))
}

describe('the seeded order', () => {
  it.concurrent.each(good)(
    'is paid by $method',
    async ({ method, channel, rail, amount }) => {
      const { code, out } = await tenonPay('--method', method, '--amount', amount)
      expect(out).toContain('The payment succeeded.')
      expect(code).toBe(0)
      expect(out).toContain(
        `debit 1221.01 In transit with ${channel}, credit 2241.02 Order SANDBOX-0001: ¥${amount}`,
      )
      expect(out).toMatch(new RegExp(`^ {2}${channel} +chosen`, 'm'))
      expect(out).toContain('No exception is open about it.')
      if (method === 'bank_transfer') return
      const orders = await atRail(rail, out)
      expect(orders.map((each) => [each.state, each.amount])).toEqual([
        ['succeeded', String(fen(amount))],
      ])
    },
    60_000,
  )

  it.concurrent.each(paidAll)(
    'is paid by $method of $amount, once',
    async (on) => {
      const { code, out } = await tenonPay('--method', on.method, '--amount', on.amount)
      expect(out).toContain('The payment succeeded.')
      expect(code).toBe(0)
      expect(out.match(/^ {2}debit /gm)).toHaveLength(1)
      expect(out).toContain('No exception is open about it.')
      if (on.amount.endsWith('.77')) expect(out).toMatch(/^ {2}unknown: .*\(\S+\)$/m)
    },
    60_000,
  )

  it.concurrent.each(refused)(
    'is not paid by %s of *.%s: class %s',
    async (...row) => {
      const [method, digits, letter, said] = row
      // What a rail says of permissions is believed of the payer's bank for a week.
      const bank = digits === '03' ? 'ABC' : 'ICBC'
      const amount = `301.${digits}`
      const { code, out } = await tenonPay('--method', method, '--amount', amount, '--bank', bank)
      expect(code).toBe(1)
      expect(out).toContain(`  code ${said}, class ${letter}, retry `)
      expect(out).toMatch(/^ {2}the payer reads: \p{Script=Han}/mu)
      expect(out).toMatch(/^ {19}[A-Z][a-z]/m)
      expect(out).toContain('Nothing was booked.')
      expect(out).toContain('No exception is open about it.')
    },
    60_000,
  )
})

it('holds what was paid, to the fen', async () => {
  expect(await balance()).toBe(before + booked)
})

it('lets a payout beyond the cash wait until cash comes in', async () => {
  const all = (await balance()) / 100n
  const much = await tenonPay('--out', '--amount', `${all}.00`)
  expect(much.out).toContain('waiting_for_cash: ')
  expect(much.code).toBe(1)
  const id = /pout_\w+/.exec(much.out)![0]
  const more = await tenonPay('--method', 'bank_transfer', '--amount', '50000.00')
  expect(more.code, more.out).toBe(0)
  const status = async () =>
    (await read<{ status: string }>(`${sandbox.api}/v1/payouts/${id}`)).status
  await expect.poll(status, { timeout: 20_000 }).toBe('succeeded')
  const again = await tenonPay('--settle', '--channel', 'wechat-pay')
  expect(again.out).toMatch(/^wechat-pay has closed \d{8} already/m)
  const proofs = await read<{ holds: boolean }>(`${sandbox.api}/v1/books/${sandbox.book}/proofs`)
  expect(proofs.holds).toBe(true)
}, 60_000)

it.each([
  [['--channel', 'wechat'], /Nothing is paid over wechat; "tenon pay --list" shows/],
  [['--amount', '1.234'], /"1\.234" is no amount in yuan; write it like 100\.51\./],
  [['--amount', '-3'], /ambiguous|no amount in yuan/],
  [['--list', '--out'], /Name one of --list, --out, --settle and --refund\./],
  [['--settle', '--channel', 'netsunion'], /netsunion settles no day here; name one of wechat-pay/],
  [['--amount', '60000.00'], /Refused \(no_channel\): .*wechat-pay: over_limit/],
  [
    ['--url', 'http://127.0.0.1:9'],
    /Nothing answers at http:\/\/127\.0\.0\.1:9\. Start the sandbox/,
  ],
] as const)('refuses %j with a sentence', async (args, says) => {
  const { code, out } = await tenonPay(...args)
  expect(code).toBe(1)
  expect(out).toMatch(says)
})

it('has the same order with the same money after kill -9 of everything', async () => {
  const before = await balance()
  const { order } = sandbox
  const pids = (await processesOf(root)).filter((pid) => pid !== started.pid)
  started.kill('SIGKILL')
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It went with its parent.
    }
  }
  await started.ended
  started = startTenon(root, await freePorts(), '--no-sale')
  await isUp(started)
  sandbox = (await readSandbox(started.env))!
  expect(sandbox.order).toBe(order)
  expect(await balance()).toBe(before)
  const { code, out } = await tenonPay('--method', 'alipay_qr', '--amount', '12.00')
  expect(out).toContain('The payment succeeded.')
  expect(code).toBe(0)
  expect(await balance()).toBe(before + 1200n)
}, 120_000)
