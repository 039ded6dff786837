/** Who may call each route there is: a permission that somebody can have, or one of the few for anyone. */
import { expect, it } from 'vitest'
import { isPermission } from '../../server/src/identity/index.ts'
import { allRoutes } from './openapi.ts'

/** Those who call these sign their bytes, each rail and bank in its own way. */
const ANYONE = ['POST /v1/channels/{channel}/callbacks', 'POST /v1/channels/{channel}/notices']

const asked = allRoutes().map(({ method, path, policy }) => ({ name: `${method} ${path}`, policy }))

it('every route asks for a permission there is, but those whose callers sign', () => {
  const open = asked.filter(({ policy }) => typeof policy === 'string')
  expect(open.map(({ name, policy }) => `${name} ${policy}`).sort()).toEqual(
    ANYONE.map((name) => `${name} public`),
  )
  const unknown = asked.filter(
    ({ policy }) => typeof policy === 'object' && !isPermission(policy.permission),
  )
  expect(unknown).toEqual([])
  expect(asked.length).toBeGreaterThan(40)
})

it('who reads asks to read, and who changes something does not', () => {
  const READING = ['POST /v1/routing/rules/check', 'POST /v1/routing/decisions']
  for (const { name, policy } of asked) {
    if (typeof policy === 'string') continue
    const reads = name.startsWith('GET ') || READING.includes(name)
    expect(policy.permission.endsWith('.read'), name).toBe(reads)
  }
})

it('what lets a payout or refund go asks for a proof of presence', () => {
  const careful = asked.filter(({ policy }) => typeof policy === 'object' && policy.stepUp === true)
  expect(careful.map(({ name }) => name).sort()).toEqual([
    'POST /v1/payouts/{id}/approval',
    'POST /v1/refunds/{id}/approval',
  ])
})
