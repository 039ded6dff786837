/** The server's API and the rails' admins, as `tenon pay` calls them. */
import type { components } from '../../sdk/index.ts'

type Parts = components['schemas']
export type Payment = Parts['Payment']
export type Attempt = Parts['Attempt']
export type Payout = Parts['Payout']
export type Refund = Parts['Refund']
export type Exception = Parts['Exception']
export type Account = Parts['Account']
export type Line = Parts['StatementLine']

/** What `POST /v1/channels/{channel}/readings` answers. */
export interface Reading {
  readonly lines?: number
  readonly file?: {
    readonly status: string
    readonly says?: string
    readonly rows?: number
    readonly settled?: string
    readonly settlement_reference?: string
  }
}

/** It cannot be done; the message says why and what to do. */
export class PayProblem extends Error {
  override name = 'PayProblem'
}

export interface Api {
  get<T>(path: string): Promise<T>
  /** `key`: the Idempotency-Key. */
  post<T>(path: string, body: unknown, key?: string): Promise<T>
}

/** Calls under an address. A refusal is thrown as a `PayProblem` with the server's own sentence. */
export function openApi(url: string): Api {
  const call = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    const reply = await fetch(new URL(path, url), init).catch(() => undefined)
    if (reply === undefined) {
      throw new PayProblem(
        `Nothing answers at ${url}. Start the sandbox with "npm start", or name it with --url.`,
      )
    }
    const text = await reply.text()
    if (reply.ok) return (text === '' ? {} : JSON.parse(text)) as T
    throw new PayProblem(refusalOf(text, reply.status))
  }
  return {
    get: (path) => call(path),
    post: (path, body, key) =>
      call(path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        body: JSON.stringify(body),
      }),
  }
}

interface Told {
  readonly code?: string
  readonly detail?: string
  readonly says?: string
  readonly errors?: readonly { readonly pointer?: string; readonly detail?: string }[]
}

function refusalOf(text: string, status: number): string {
  let told: Told = {}
  try {
    told = JSON.parse(text) as Told
  } catch {
    return `Refused with ${status}: ${text.slice(0, 300)}`
  }
  const more = (told.errors ?? []).map(({ pointer = '', detail = '' }) => `${pointer} ${detail}`)
  const says = [told.detail ?? told.says ?? '', ...more].join(' ').trim()
  return `Refused${told.code === undefined ? '' : ` (${told.code})`}: ${says}`
}
