/** Who may call each route there is: a permission that somebody can have, or one of the few for anyone. */
import { expect, it } from 'vitest'
import { isPermission } from '../../server/src/identity/index.ts'
import { allRoutes } from './openapi.ts'

/**
 * Rails and banks sign their bytes, each in its own way; who signs in has not yet said who he is; and
 * what a user does about his own ways in asks for his session, not for a permission.
 */
const ANYONE = [
  ...['POST /v1/channels/{channel}/callbacks', 'POST /v1/channels/{channel}/notices'],
  ...['POST /v1/auth/password', 'POST /v1/auth/passkey/options', 'POST /v1/auth/passkey/verify'],
  ...['POST /v1/auth/links/open', 'POST /v1/auth/links/password'],
  ...['POST /v1/auth/links/passkey/options', 'POST /v1/auth/links/passkey'],
]
const OWN = [
  ...['GET /v1/auth/session', 'POST /v1/auth/sign-out', 'POST /v1/auth/password/change'],
  ...['GET /v1/auth/sessions', 'POST /v1/auth/sessions/{id}/end'],
  ...['GET /v1/auth/passkeys', 'POST /v1/auth/passkeys', 'POST /v1/auth/passkeys/options'],
  ...['POST /v1/auth/passkeys/remove', 'POST /v1/auth/step-up/code'],
  ...['POST /v1/auth/step-up/passkey', 'POST /v1/auth/step-up/passkey/options'],
]

const asked = allRoutes().map(({ method, path, policy }) => ({ name: `${method} ${path}`, policy }))

it('every route asks for a permission there is, but those for anyone and for oneself', () => {
  const open = asked.filter(({ policy }) => typeof policy === 'string')
  expect(open.map(({ name, policy }) => `${name} ${policy}`).sort()).toEqual(
    [...ANYONE, ...OWN].map((name) => `${name} public`).sort(),
  )
  const unknown = asked.filter(
    ({ policy }) => typeof policy === 'object' && !isPermission(policy.permission),
  )
  expect(unknown).toEqual([])
  expect(asked.length).toBeGreaterThan(40)
})

it('who reads asks to read, and who changes something does not', () => {
  const READING = ['POST /v1/routing/rules/check', 'POST /v1/routing/decisions']
  // A developer's listener is an endpoint of its own, for as long as it asks.
  const LISTENING = ['GET /v1/webhooks/listen/{session}']
  for (const { name, policy } of asked) {
    if (typeof policy === 'string') continue
    if (LISTENING.includes(name)) continue
    const reads = name.startsWith('GET ') || READING.includes(name)
    expect(policy.permission.endsWith('.read'), name).toBe(reads)
  }
})

it('what lets money go, stops it, or changes who may do what asks for a proof of presence', () => {
  const careful = asked.filter(({ policy }) => typeof policy === 'object' && policy.stepUp === true)
  expect(careful.map(({ name }) => name).sort()).toEqual([
    'POST /v1/approvals/{id}/approve',
    ...['POST /v1/keys', 'POST /v1/keys/{id}/revoke', 'POST /v1/keys/{id}/rotate'],
    'POST /v1/payouts/{id}/approval',
    'POST /v1/refunds/{id}/approval',
    ...['POST /v1/stops/freezes', 'POST /v1/stops/pauses'],
    ...['POST /v1/users', 'POST /v1/users/{id}/disable', 'POST /v1/users/{id}/reset'],
    ...['POST /v1/users/{id}/roles/grant', 'POST /v1/users/{id}/roles/revoke'],
    'POST /v1/users/{id}/sessions/end',
    ...['POST /v1/webhooks/endpoints', 'POST /v1/webhooks/endpoints/{id}/change'],
    'POST /v1/webhooks/endpoints/{id}/rotate',
  ])
})
