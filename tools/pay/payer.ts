/**
 * The payer of the sandbox: what a person would do on their phone, at their browser or at their bank.
 * Codes are paid by the rail itself after two seconds; a form has to be sent and a transfer made.
 */
import type { Sandbox } from '../start/sandbox-file.ts'
import { type Api, type Attempt, openApi, PayProblem, type Reading } from './api.ts'
import type { Way } from './ways.ts'

/** Whom collection debits and refunds go to. */
export const PAYER = {
  name: '王芳',
  account: '6222021234567890128',
  account_type: 'personal',
  id_number: '110101199003070011',
  mobile: '13800138000',
} as const

const ACTS: Readonly<Record<string, string>> = {
  qr_code: 'The payer scans this code',
  redirect: 'The payer’s browser opens this address',
  parameters: 'The page in WeChat calls the cashier with',
  form: 'The payer’s browser sends a form to',
  bank_transfer: 'The payer transfers by their own bank',
}

interface TransferSlip {
  readonly accountNumber: string
  readonly memo: string
  readonly amount: { readonly amount: string }
}

interface PayForm {
  readonly method: string
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

/** What the payer has to do, as lines for the reader. */
export function actionLines({ payer_action: action }: Attempt): string[] {
  if (action === undefined) return []
  const { kind, value } = action
  const says = `${ACTS[kind] ?? kind}:`
  if (kind === 'form') return [`${says} ${(JSON.parse(value) as PayForm).action.split('?')[0]}`]
  if (kind !== 'bank_transfer') {
    return [`${says} ${value.length > 120 ? `${value.slice(0, 117)}...` : value}`]
  }
  const { accountNumber, memo } = JSON.parse(value) as TransferSlip
  return [`${says} to ${accountNumber}, and writes "${memo}" into the remark`]
}

/** Does what only a person could do. Without an action there is nothing to do. */
export async function act(
  sandbox: Pick<Sandbox, 'rails' | 'book'>,
  api: Api,
  { way, attempt }: { readonly way: Way; readonly attempt: Attempt },
): Promise<void> {
  const { payer_action: action } = attempt
  if (action?.kind === 'form') await sendForm(JSON.parse(action.value) as PayForm)
  if (action?.kind === 'bank_transfer') {
    const { memo, amount } = JSON.parse(action.value) as TransferSlip
    const { name, account } = PAYER
    const entry = { kind: 'incoming', amount: amount.amount, memo, name, account }
    await openApi(sandbox.rails[way.rail]).post('/outside', entry)
    await readLines(sandbox, api)
  }
}

async function sendForm({ method, action, fields }: PayForm): Promise<void> {
  const sent = await fetch(action, { method, body: new URLSearchParams(fields) })
  if (!sent.ok) throw new PayProblem(`The rail does not take the payer's form: ${sent.status}`)
}

/** Has the platform read what is new on its bank account, without waiting until it is due. */
export const readLines = ({ book }: Pick<Sandbox, 'book'>, api: Api): Promise<Reading> =>
  api.post<Reading>('/v1/channels/bank-direct/readings', { book })
