/** `tenon pay`: pays the seeded order of the running sandbox, pays out of it, refunds, settles. */
import { parseArgs } from 'node:util'
import { isMoneyRefusal, parseDecimal } from '../../server/src/money/index.ts'
import { type Terminal, UsageProblem } from '../command.ts'
import { PayProblem } from '../pay/api.ts'
import { collect } from '../pay/collect.ts'
import { giveBack, payOut } from '../pay/pay-out.ts'
import { SETTLING, settle } from '../pay/settle.ts'
import { listWays, WAYS, type Way } from '../pay/ways.ts'
import { readSandbox, type Sandbox } from '../start/sandbox-file.ts'

const WAIT_SECONDS = 60

const OPTIONS = {
  list: { type: 'boolean' },
  channel: { type: 'string' },
  method: { type: 'string' },
  amount: { type: 'string' },
  out: { type: 'boolean' },
  bank: { type: 'string' },
  corporate: { type: 'boolean' },
  refund: { type: 'string' },
  settle: { type: 'boolean' },
  wait: { type: 'string' },
  url: { type: 'string' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

/** Exit code 0 when what was asked for succeeded, 1 when it did not, or not yet. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { say, env } = terminal
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const modes = [values.list, values.out, values.settle, values.refund].filter(Boolean)
  if (modes.length > 1) throw new UsageProblem('Name one of --list, --out, --settle and --refund.')
  if (values.list === true) {
    listWays().forEach(say)
    return 0
  }
  const sandbox = await sandboxOf(values, env)
  const on = { sandbox, waitMs: waitOf(values), say }
  if (values.settle === true) {
    await settle({ sandbox, rails: railsOf(values), say })
    return 0
  }
  if (values.refund !== undefined) {
    const amount = values.amount === undefined ? undefined : amountOf(values)
    return ended(await giveBack({ ...on, amount }, values.refund))
  }
  const amount = amountOf(values)
  const { bank = 'ICBC' } = values
  if (values.out === true) {
    const accountType = values.corporate === true ? 'corporate' : 'personal'
    return ended(await payOut({ ...on, amount }, { bank, accountType }))
  }
  return ended(await collect({ ...on, amount, bank, way: wayOf(values) }))
}

const ended = ({ status }: { readonly status: string }) => (status === 'succeeded' ? 0 : 1)

async function sandboxOf({ url }: Values, env: NodeJS.ProcessEnv): Promise<Sandbox> {
  const sandbox = await readSandbox(env)
  if (sandbox === undefined) {
    throw new PayProblem(
      'There is no sandbox in this data folder yet. Run "npm start" first, or set TENON_DATA.',
    )
  }
  return url === undefined ? sandbox : { ...sandbox, api: url }
}

function wayOf({ channel, method }: Values): Way {
  const way = WAYS.find(
    (each) =>
      (method === undefined || each.method === method) &&
      (channel === undefined || each.channel === channel),
  )
  if (way !== undefined) return way
  const named = [channel, method].filter((each) => each !== undefined).join(' by ')
  throw new UsageProblem(`Nothing is paid over ${named}; "tenon pay --list" shows what there is.`)
}

function railsOf({ channel }: Values) {
  if (channel === undefined) return SETTLING
  const rail = SETTLING.find((each) => each === channel)
  if (rail !== undefined) return [rail]
  throw new UsageProblem(`${channel} settles no day here; name one of ${SETTLING.join(', ')}.`)
}

function amountOf({ amount = '100.00' }: Values): bigint {
  const read = parseDecimal(amount, 'CNY')
  if (isMoneyRefusal(read) || read < 1n) {
    throw new UsageProblem(`"${amount}" is no amount in yuan; write it like 100.51.`)
  }
  return read
}

function waitOf({ wait = String(WAIT_SECONDS) }: Values): number {
  if (!/^\d{1,4}$/.test(wait)) throw new UsageProblem(`--wait takes whole seconds, not "${wait}".`)
  return Number(wait) * 1000
}
