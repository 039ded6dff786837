import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import {
  minorUnits,
  type WebhookEvent,
  type WebhookRefusal,
  WebhookRefused,
  webhooks,
} from './index.ts'

const secretOf = (fill: number) => `whsec_${Buffer.alloc(24, fill).toString('base64')}`
const SECRET = secretOf(1)
const OTHER = secretOf(2)
const AT = 1_772_323_200
const now = () => AT * 1000
const BODY = JSON.stringify({
  id: 'evt_1_0198c0de000070008000000000000001',
  type: 'payment.succeeded',
  created: '2026-03-01T00:00:00.000Z',
  data: { payment: 'pay_1', amount: { amount: '680000000', currency: 'CNY' }, note: '房款' },
})

/** Headers as the library of Standard Webhooks makes them. */
function delivery(body = BODY, secrets = [SECRET], at = AT, id = 'evt_1') {
  const signed = secrets.map((each) => new Webhook(each).sign(id, new Date(at * 1000), body))
  return {
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': signed.join(' '),
  }
}

function reasonOf(act: () => unknown): WebhookRefusal | 'believed' {
  try {
    act()
    return 'believed'
  } catch (error) {
    if (error instanceof WebhookRefused) return error.reason
    throw error
  }
}

describe('a delivery is believed', () => {
  it('and typed, from text, bytes, Headers and any case of names', () => {
    const headers = delivery()
    const shouted = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
    )
    for (const body of [BODY, Buffer.from(BODY), new TextEncoder().encode(BODY)]) {
      for (const given of [headers, new Headers(headers), shouted]) {
        const event = webhooks.verify(body, given, SECRET, { now })
        if (event.type !== 'payment.succeeded') throw new Error('another event')
        // @ts-expect-error a payment has no milestone
        expect(event.data.milestone).toBeUndefined()
        expect(minorUnits(event.data.amount)).toBe(680_000_000n)
      }
    }
  })

  it('as a type that this client does not know yet', () => {
    const body = JSON.stringify({ id: 'evt_1', type: 'moon.landed', data: { at: 'noon' } })
    type Landed = WebhookEvent<'moon.landed', { at: string }>
    const event = webhooks.verify<Landed>(body, delivery(body), SECRET, { now })
    expect(event.data.at).toBe('noon')
  })

  it.each<[string, string[], string[]]>([
    ['by the old secret while the endpoint has two', [OTHER], [SECRET, OTHER]],
    ['by either of two signatures', [OTHER, SECRET], [SECRET]],
    ['by both', [SECRET, OTHER], [OTHER, SECRET]],
  ])('%s', (_name, signing, knowing) => {
    expect(webhooks.verify(BODY, delivery(BODY, signing), knowing, { now }).type).toBe(
      'payment.succeeded',
    )
  })

  it('as webhooks.sign makes it, and as the library checks it', () => {
    const wall = Math.floor(Date.now() / 1000)
    const headers = webhooks.sign(BODY, SECRET, { id: 'evt_9', atS: wall })
    expect(webhooks.verify(BODY, headers, SECRET).type).toBe('payment.succeeded')
    expect(new Webhook(SECRET).verify(BODY, headers)).toEqual(JSON.parse(BODY))
  })
})

const without = (name: string) => {
  const headers: Record<string, string> = delivery()
  delete headers[name]
  return headers
}
const signatureOf = (headers: Record<string, string>) => headers['webhook-signature']!

describe('a delivery is refused', () => {
  it.each<[WebhookRefusal | 'believed', string, string, Record<string, string>]>([
    ['missing_header', 'no id', BODY, without('webhook-id')],
    ['missing_header', 'no timestamp', BODY, without('webhook-timestamp')],
    ['missing_header', 'no signature', BODY, without('webhook-signature')],
    ['missing_header', 'an empty one', BODY, { ...delivery(), 'webhook-signature': '' }],
    ['malformed_header', 'a date', BODY, { ...delivery(), 'webhook-timestamp': '2026-03-01' }],
    ['malformed_header', 'digits and more', BODY, { ...delivery(), 'webhook-timestamp': `${AT}x` }],
    ['malformed_header', 'below zero', BODY, { ...delivery(), 'webhook-timestamp': '-1' }],
    ['believed', '300 s old', BODY, delivery(BODY, [SECRET], AT - 300)],
    ['too_old', '301 s old', BODY, delivery(BODY, [SECRET], AT - 301)],
    ['believed', '300 s ahead', BODY, delivery(BODY, [SECRET], AT + 300)],
    ['too_new', '301 s ahead', BODY, delivery(BODY, [SECRET], AT + 301)],
    ['no_signature_matches', 'another secret', BODY, delivery(BODY, [OTHER])],
    ['no_signature_matches', 'another id', BODY, { ...delivery(), 'webhook-id': 'evt_2' }],
    [
      'no_signature_matches',
      'another time',
      BODY,
      { ...delivery(), 'webhook-timestamp': String(AT + 1) },
    ],
    ['no_signature_matches', 'a body written again', `${BODY} `, delivery()],
    [
      'no_signature_matches',
      'another version',
      BODY,
      { ...delivery(), 'webhook-signature': signatureOf(delivery()).replace('v1,', 'v2,') },
    ],
    [
      'no_signature_matches',
      'no version',
      BODY,
      { ...delivery(), 'webhook-signature': signatureOf(delivery()).replace('v1,', '') },
    ],
    [
      'no_signature_matches',
      'a cut signature',
      BODY,
      { ...delivery(), 'webhook-signature': signatureOf(delivery()).slice(0, -1) },
    ],
    [
      'no_signature_matches',
      'a separator alone',
      BODY,
      { ...delivery(), 'webhook-signature': ' ' },
    ],
    ['body_not_json', 'no JSON', 'paid', delivery('paid')],
    ['body_not_json', 'an empty body', '', delivery('')],
    ['body_not_json', 'null', 'null', delivery('null')],
    ['body_not_json', 'no event', '{"id":"evt_1"}', delivery('{"id":"evt_1"}')],
  ])('%s: %s', (reason, _name, body, headers) => {
    expect(reasonOf(() => webhooks.verify(body, headers, SECRET, { now }))).toBe(reason)
  })

  it('when any byte of the body is another', () => {
    const headers = delivery()
    const bytes = Buffer.from(BODY)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const other = Buffer.from(bytes)
        other[at] = other[at]! ^ flip
        expect(reasonOf(() => webhooks.verify(other, headers, SECRET, { now }))).toBe(
          'no_signature_matches',
        )
      }),
    )
  })

  it.each<[string, unknown, string | string[], RegExp]>([
    ['a parsed body', JSON.parse(BODY), SECRET, /Hand in the raw body/],
    ['no secret', BODY, [], /Give the secret/],
    ['a secret that is none', BODY, 'whsec_~', /^(?!.*~).*not whsec_ and base64/],
    ['an empty secret', BODY, 'whsec_', /not whsec_ and base64/],
  ])('and the caller told: %s', (_name, body, secret, says) => {
    expect(() => webhooks.verify(body as string, delivery(), secret, { now })).toThrow(says)
  })
})
