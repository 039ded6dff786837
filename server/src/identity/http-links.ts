/**
 * Routes of one-time links. The token travels in the body: a path stands in the logs of every proxy
 * on the way, and in our own answers.
 */
import { type Static, Type } from 'typebox'
import { type Route, route, writeInstant } from '#base'
import { Code, Password } from './http-auth.ts'
import { PasskeyName } from './http-own.ts'
import {
  AttestationBody,
  begun,
  closed,
  OptionsPart,
  optionsJson,
  refused,
  SessionPart,
  visitOf,
} from './http-session.ts'
import type { Identity } from './identity.ts'
import type { Who } from './links.ts'
import type { Attestation } from './passkey.ts'
import { LINK_PURPOSES } from './states.ts'

const Token = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'the token of the link' })
export const Login = Type.String({ minLength: 3, maxLength: 100 })
export const Name = Type.String({ minLength: 1, maxLength: 100 })
export const StaffNumber = Type.String({ pattern: '^[A-Za-z0-9-]{1,40}$' })
const WhoBody = Type.Object(
  { login: Login, name: Name, staff_number: StaffNumber },
  { ...closed, $id: 'FirstAdministrator' },
)
const OpenedPart = Type.Object(
  {
    purpose: Type.Enum(LINK_PURPOSES),
    login: Type.Union([Type.String(), Type.Null()]),
    name: Type.Union([Type.String(), Type.Null()]),
    expires_at: Type.String(),
    secret: Type.String({ description: 'The seed of one-time codes, in Base32.' }),
    uri: Type.String({ description: 'The same for an authenticator app to scan.' }),
  },
  { ...closed, $id: 'OpenedLink' },
)
const common = { tags: ['sign-in'], policy: 'public', method: 'POST' } as const

/** The routes under `/v1/auth/links`. */
export function linkRoutes(identity: Identity): Route[] {
  const { links } = identity
  return [
    route({
      ...common,
      path: '/v1/auth/links/open',
      name: 'openLink',
      summary: 'What a link is for, with a fresh seed of one-time codes. Does not use it up.',
      body: Type.Object({ token: Token }, closed),
      replies: { 200: OpenedPart },
      handle: async ({ body }) => {
        const opened = await links.open(body.token)
        if ('refused' in opened) return refused(opened)
        const { purpose, login = null, name = null, expiresAt, secret, uri } = opened
        const shown = secret.reveal('show to the holder of a link')
        const expires_at = writeInstant(expiresAt)
        return { status: 200, body: { purpose, login, name, expires_at, secret: shown, uri } }
      },
    }),
    route({
      ...common,
      path: '/v1/auth/links/password',
      name: 'enrolPassword',
      summary: 'Sets password and one-time codes, uses the link up and signs in.',
      body: Type.Object(
        { token: Token, password: Password, code: Code, who: Type.Optional(WhoBody) },
        closed,
      ),
      replies: { 200: SessionPart },
      handle: async (call) => {
        const { who, ...of } = call.body
        const signed = await links.setPassword({ ...of, ...whoOf(who) }, visitOf(call))
        return 'refused' in signed ? refused(signed) : begun(identity, call, signed.token)
      },
    }),
    route({
      ...common,
      path: '/v1/auth/links/passkey/options',
      name: 'askEnrolmentPasskey',
      summary: 'What the browser makes the passkey of a link from.',
      body: Type.Object({ token: Token, who: Type.Optional(WhoBody) }, closed),
      replies: { 200: OptionsPart },
      handle: async ({ body }) => {
        const options = await links.passkeyOptions({ token: body.token, ...whoOf(body.who) })
        if ('refused' in options) return refused(options)
        return { status: 200, body: optionsJson(options.options) }
      },
    }),
    route({
      ...common,
      path: '/v1/auth/links/passkey',
      name: 'enrolPasskey',
      summary: 'Keeps a passkey, uses the link up and signs in.',
      body: Type.Object(
        {
          token: Token,
          name: PasskeyName,
          response: AttestationBody,
          who: Type.Optional(WhoBody),
        },
        closed,
      ),
      replies: { 200: SessionPart },
      handle: async (call) => {
        const { token, name: passkeyName, who } = call.body
        const response = call.body.response as unknown as Attestation
        const of = { token, passkeyName, response, ...whoOf(who) }
        const signed = await links.setPasskey(of, visitOf(call))
        return 'refused' in signed ? refused(signed) : begun(identity, call, signed.token)
      },
    }),
  ]
}

function whoOf(who: Static<typeof WhoBody> | undefined): { who?: Who } {
  if (who === undefined) return {}
  return { who: { login: who.login, name: who.name, staffNumber: who.staff_number } }
}
