import { expect, it } from 'vitest'
import { publicClass } from './rate-limit-classes.ts'

it.each([
  ['POST', '/v1/auth/password', 'sign_in'],
  ['POST', '/v1/auth/links/open', 'sign_in'],
  ['POST', '/v1/auth/step-up/code', 'sign_in'],
  ['GET', '/v1/auth/session', 'public'],
  ['POST', '/v1/channels/{channel}/callbacks', 'notice'],
  ['POST', '/v1/channels/{channel}/notices', 'notice'],
  ['GET', '/v1/channels/{channel}/callbacks', 'public'],
  ['GET', '/errors', 'public'],
] as const)('%s %s counts as %s', (method, route, counted) => {
  const knock = { method, route, path: route, headers: {}, body: undefined, from: '192.0.2.1' }
  expect(publicClass(knock)).toBe(counted)
})
