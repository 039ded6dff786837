/**
 * Routes of signing in and out, and of proving presence again. One request carries login, password
 * and code: between two requests there is nothing to learn.
 */
import { Type } from 'typebox'
import { type Route, route } from '#base'
import {
  AssertionBody,
  begun,
  closed,
  OptionsPart,
  optionsJson,
  present,
  refused,
  SessionPart,
  sessionJson,
  signingVisit,
  visitOf,
} from './http-session.ts'
import type { Identity } from './identity.ts'
import type { Assertion } from './passkey.ts'
import { PASSWORD_MOST } from './password.ts'
import { ENDED_COOKIE, sessionToken } from './session.ts'
import { signOut } from './sign-in.ts'

export const Code = Type.String({ pattern: '^[0-9]{6}$', description: 'six digits' })
export const Password = Type.String({ minLength: 1, maxLength: PASSWORD_MOST })
const tags = ['sign-in']
const common = { tags, policy: 'public' } as const

/** The routes under `/v1/auth` that begin, prove and end sessions. */
export function signInRoutes(identity: Identity): Route[] {
  return [...beginRoutes(identity), ...stepUpRoutes(identity), ...sessionRoutes(identity)]
}

function beginRoutes(identity: Identity): Route[] {
  const { signIn } = identity
  return [
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/password',
      name: 'signInByPassword',
      summary: 'Signs in by login, password and one-time code, and sets the cookie of the session.',
      body: Type.Object(
        { login: Type.String({ minLength: 1, maxLength: 200 }), password: Password, code: Code },
        closed,
      ),
      replies: { 200: SessionPart },
      handle: async (call) => {
        const signed = await signIn.byPassword(call.body, signingVisit(call))
        return 'refused' in signed ? refused(signed) : begun(identity, call, signed.token)
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/passkey/options',
      name: 'askPasskey',
      summary: 'A challenge for any passkey of this site. The same for everybody.',
      replies: { 200: OptionsPart },
      handle: async () => ({ status: 200, body: optionsJson(await signIn.passkeyOptions()) }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/passkey/verify',
      name: 'signInByPasskey',
      summary: 'Signs in by a passkey and sets the cookie of the session.',
      body: AssertionBody,
      replies: { 200: SessionPart },
      handle: async (call) => {
        const response = assertionOf(call.body)
        const signed = await signIn.byPasskey(response, signingVisit(call))
        return 'refused' in signed ? refused(signed) : begun(identity, call, signed.token)
      },
    }),
  ]
}

function stepUpRoutes(identity: Identity): Route[] {
  const { stepUp } = identity
  return [
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/step-up/code',
      name: 'stepUpByCode',
      summary: 'Proves presence by a one-time code; the session gets a new cookie.',
      body: Type.Object({ code: Code }, closed),
      replies: { 200: SessionPart },
      handle: async (call) => {
        const proved = await stepUp.byCode(await present(identity, call), call.body.code)
        return 'refused' in proved ? refused(proved) : begun(identity, call, proved.token)
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/step-up/passkey/options',
      name: 'askPasskeyForStepUp',
      summary: "A challenge for one of the user's own passkeys.",
      replies: { 200: OptionsPart },
      handle: async (call) => {
        const options = await stepUp.passkeyOptions(await present(identity, call))
        return { status: 200, body: optionsJson(options) }
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/step-up/passkey',
      name: 'stepUpByPasskey',
      summary: 'Proves presence by a passkey; the session gets a new cookie.',
      body: AssertionBody,
      replies: { 200: SessionPart },
      handle: async (call) => {
        const by = await present(identity, call)
        const proved = await stepUp.byPasskey(by, assertionOf(call.body))
        return 'refused' in proved ? refused(proved) : begun(identity, call, proved.token)
      },
    }),
  ]
}

function sessionRoutes(identity: Identity): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/v1/auth/session',
      name: 'getSession',
      summary: 'Who is signed in, for which organisation, and what he may do.',
      replies: { 200: SessionPart },
      handle: async (call) => {
        const { caller } = await present(identity, call)
        return { status: 200, body: await sessionJson(identity, caller) }
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/sign-out',
      name: 'signOut',
      summary: 'Ends the session and takes its cookie away. Also when there is none.',
      replies: { 200: Type.Object({ signed_out: Type.Literal(true) }, closed) },
      handle: async (call) => {
        const token = sessionToken(call.received.headers.cookie)
        if (token !== undefined) await signOut(identity.context, token, visitOf(call))
        const headers = { 'set-cookie': ENDED_COOKIE }
        return { status: 200, body: { signed_out: true as const }, headers }
      },
    }),
  ]
}

/** A body as the library reads it; null stands for absent in what some browsers send. */
function assertionOf(body: { response: { userHandle?: string | null } }): Assertion {
  const { userHandle, ...response } = body.response
  const kept = userHandle === undefined || userHandle === null ? {} : { userHandle }
  return { ...body, response: { ...response, ...kept } } as unknown as Assertion
}
