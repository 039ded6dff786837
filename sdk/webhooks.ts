/**
 * Checks deliveries of webhooks by Standard Webhooks: who sent it, when, and that no byte of it changed.
 *
 * The signature is over the bytes as they came. The easy mistake: handing in a body that a framework
 * has parsed and written again; ask it for the raw body.
 */
import { timingSafeEqual } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { components } from './events.ts'

/** Why a delivery is not believed. */
export type WebhookRefusal =
  /** One of webhook-id, webhook-timestamp and webhook-signature is not there. */
  | 'missing_header'
  /** The timestamp is not a number of seconds. */
  | 'malformed_header'
  | 'too_old'
  | 'too_new'
  /** Another secret signed it, or something changed on the way. */
  | 'no_signature_matches'
  /** It is signed rightly and holds no event. */
  | 'body_not_json'

/** A delivery that is not believed: answer 400, and do nothing else with it. */
export class WebhookRefused extends Error {
  override name = 'WebhookRefused'
  readonly reason: WebhookRefusal

  constructor(reason: WebhookRefusal, says: string) {
    super(says)
    this.reason = reason
  }
}

/** What a delivery tells. `D` is the shape of `data` for an event of type `T`. */
export interface WebhookEvent<T extends string = string, D = unknown> {
  /** `evt_…`; the same at every delivery of this event: keep it, and do nothing the second time. */
  readonly id: string
  /** Such as `payment.succeeded`. */
  readonly type: T
  /** When it happened, RFC 3339. */
  readonly created: string
  readonly data: D
  /** `org_…` */
  readonly org?: string
  readonly api_version?: string
  /** A sample that `tenon trigger` made: nothing happened. */
  readonly test?: boolean
}

type Data = components['schemas']

/**
 * The events there are, told apart by `type`. A server newer than this client may send others: give
 * them an answer of 2xx, and pass over them.
 */
export type PlatformEvent = { [T in keyof Data]: WebhookEvent<T, Data[T]> }[keyof Data]

/** As `node:http` or the Fetch API give them; names in any case. */
export type WebhookHeaders =
  | Headers
  | { readonly [name: string]: string | readonly string[] | undefined }

export interface VerifyOptions {
  /** How far the timestamp may be from now, either way, in seconds; 300 when absent. */
  readonly toleranceS?: number
  /** The wall clock, ms. */
  readonly now?: () => number
}

export const webhooks = {
  /**
   * The event of a delivery, once a signature of it fits one of the endpoint's secrets (`whsec_…`);
   * give both while they rotate. Throws `WebhookRefused`, and `TypeError` for a body that is not raw
   * or a secret that is none.
   */
  verify<E extends WebhookEvent = PlatformEvent>(
    rawBody: string | Uint8Array,
    headers: WebhookHeaders,
    secret: string | readonly string[],
    { toleranceS = 300, now = Date.now }: VerifyOptions = {},
  ): E {
    const signers = signersOf(secret)
    const body = textOf(rawBody)
    const id = header(headers, 'webhook-id')
    const at = secondsOf(header(headers, 'webhook-timestamp'))
    const given = header(headers, 'webhook-signature')
    const nowS = Math.floor(now() / 1000)
    if (at < nowS - toleranceS) throw new WebhookRefused('too_old', ageOf(nowS - at, 'ago'))
    if (at > nowS + toleranceS) throw new WebhookRefused('too_new', ageOf(at - nowS, 'ahead'))
    const signed = signers.map((signer) => signer.sign(id, new Date(at * 1000), body))
    // Every pair is compared, so that the time it takes tells nothing.
    const fits = given.split(' ').flatMap((one) => signed.map((own) => isSame(one, own)))
    if (!fits.includes(true)) {
      throw new WebhookRefused(
        'no_signature_matches',
        'No signature fits: check that the secret is this endpoint’s, and that the body is handed ' +
          'in as it came, byte for byte.',
      )
    }
    return eventOf(body) as E
  },

  /** The headers of a delivery, for tests of your own handler. `atS`: seconds since 1970. */
  sign(rawBody: string, secret: string, on: { id: string; atS: number }): Record<string, string> {
    const [signer] = signersOf(secret)
    return {
      'webhook-id': on.id,
      'webhook-timestamp': String(on.atS),
      'webhook-signature': signer!.sign(on.id, new Date(on.atS * 1000), rawBody),
    }
  },
}

function signersOf(secret: string | readonly string[]): Webhook[] {
  const secrets = typeof secret === 'string' ? [secret] : secret
  if (secrets.length === 0) throw new TypeError('Give the secret of the endpoint, whsec_….')
  return secrets.map((each) => {
    try {
      return new Webhook(each)
    } catch {
      throw new TypeError('The secret of the endpoint is not whsec_ and base64; give it as shown.')
    }
  })
}

function textOf(rawBody: string | Uint8Array): string {
  if (typeof rawBody === 'string') return rawBody
  if (rawBody instanceof Uint8Array) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(rawBody)
    } catch {
      // What was signed was text; bytes that are none cannot be what was signed.
      throw new WebhookRefused('no_signature_matches', 'The body is not the UTF-8 that was signed.')
    }
  }
  throw new TypeError('Hand in the raw body, as text or bytes, not what was parsed from it.')
}

function header(headers: WebhookHeaders, name: string): string {
  const value =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([each]) => each.toLowerCase() === name)?.[1]
  const text = typeof value === 'object' && value !== null ? value.join(' ') : value
  if (text === undefined || text === null || text === '') {
    throw new WebhookRefused('missing_header', `The delivery has no header ${name}.`)
  }
  return text
}

function secondsOf(text: string): number {
  if (/^[0-9]{1,12}$/.test(text)) return Number(text)
  throw new WebhookRefused('malformed_header', 'webhook-timestamp is not whole seconds since 1970.')
}

const ageOf = (seconds: number, which: string) =>
  `The delivery was signed ${seconds} s ${which}: it is sent again by someone, or a clock is wrong.`

function isSame(given: string, own: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(own)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function eventOf(body: string): WebhookEvent {
  let event: Partial<WebhookEvent> | null = null
  try {
    event = JSON.parse(body) as Partial<WebhookEvent> | null
  } catch {
    // Said below, together with JSON that is no event.
  }
  if (typeof event?.id === 'string' && typeof event.type === 'string' && 'data' in event) {
    return event as WebhookEvent
  }
  throw new WebhookRefused('body_not_json', 'The body is signed rightly and holds no event.')
}
