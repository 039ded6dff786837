/** Routes of a user's own sessions, passkeys and password. What changes them wants a fresh proof. */
import { Type } from 'typebox'
import { type Route, route, writeInstant } from '#base'
import { Password } from './http-auth.ts'
import {
  AttestationBody,
  closed,
  OptionsPart,
  optionsJson,
  present,
  refused,
} from './http-session.ts'
import type { Identity } from './identity.ts'
import type { Attestation } from './passkey.ts'
import type { ListedPasskey } from './passkey-store.ts'
import { refuse } from './refusals.ts'
import { uuidOf } from './session.ts'
import { endOneSession } from './sign-in.ts'

const OwnSession = Type.Object(
  {
    id: Type.String(),
    current: Type.Boolean(),
    started_at: Type.String(),
    seen_at: Type.String({ description: 'Within half a minute.' }),
    from: Type.String(),
    agent: Type.String(),
  },
  { ...closed, $id: 'OwnSession' },
)
const OwnPasskey = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    backed_up: Type.Boolean(),
    made_at: Type.String(),
    used_at: Type.Union([Type.String(), Type.Null()]),
  },
  { ...closed, $id: 'OwnPasskey' },
)
export const PasskeyName = Type.String({ minLength: 1, maxLength: 60 })
const SessionId = Type.Object({ id: Type.String({ pattern: '^ses_0_[0-9a-f]{32}$' }) }, closed)
const Done = Type.Object({ done: Type.Literal(true) }, closed)
const done = { status: 200 as const, body: { done: true as const } }
const common = { tags: ['sign-in'], policy: 'public' } as const

/** The routes under `/v1/auth` with which a user looks after his own ways in. */
export function ownRoutes(identity: Identity): Route[] {
  return [...sessionRoutes(identity), ...passkeyRoutes(identity), passwordRoute(identity)]
}

function sessionRoutes(identity: Identity): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/v1/auth/sessions',
      name: 'listOwnSessions',
      summary: 'Where the user is signed in.',
      replies: { 200: Type.Object({ data: Type.Array(OwnSession) }, closed) },
      handle: async (call) => {
        const { caller } = await present(identity, call)
        const sessions = await identity.sessions.list(caller.orgId, uuidOf(caller.id))
        const data = sessions.map((session) => ({
          id: `ses_0_${session.id}`,
          current: session.id === uuidOf(caller.session),
          started_at: writeInstant(session.madeAt),
          seen_at: writeInstant(session.seenAt),
          ...{ from: session.from, agent: session.agent },
        }))
        return { status: 200, body: { data } }
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/sessions/{id}/end',
      name: 'endOwnSession',
      summary: 'Ends a session of the user.',
      params: SessionId,
      replies: { 200: Done },
      handle: async (call) => {
        const by = await present(identity, call)
        const ended = await endOneSession(identity.context, by, uuidOf(call.params.id))
        return ended ? done : refused(refuse('session_not_found'))
      },
    }),
  ]
}

function passkeyRoutes(identity: Identity): Route[] {
  const { own } = identity
  return [
    route({
      ...common,
      method: 'GET',
      path: '/v1/auth/passkeys',
      name: 'listOwnPasskeys',
      summary: "The user's passkeys.",
      replies: { 200: Type.Object({ data: Type.Array(OwnPasskey) }, closed) },
      handle: async (call) => {
        const passkeys = await own.list(await present(identity, call))
        return { status: 200, body: { data: passkeys.map(passkeyJson) } }
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/passkeys/options',
      name: 'askNewPasskey',
      summary: 'What the browser makes a further passkey from.',
      replies: { 200: OptionsPart },
      handle: async (call) => {
        const by = await present(identity, call, { fresh: true })
        return { status: 200, body: optionsJson(await own.passkeyOptions(by)) }
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/passkeys',
      name: 'addPasskey',
      summary: 'Keeps a further passkey.',
      body: Type.Object({ name: PasskeyName, response: AttestationBody }, closed),
      replies: { 200: Done },
      handle: async (call) => {
        const by = await present(identity, call, { fresh: true })
        const response = call.body.response as unknown as Attestation
        const not = await own.addPasskey(by, response, call.body.name)
        return not === undefined ? done : refused(not)
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/auth/passkeys/remove',
      name: 'removePasskey',
      summary: 'Takes a passkey away, unless it is the last way in.',
      body: Type.Object({ id: Type.String({ minLength: 1, maxLength: 1_400 }) }, closed),
      replies: { 200: Done },
      handle: async (call) => {
        const by = await present(identity, call, { fresh: true })
        const not = await own.removePasskey(by, call.body.id)
        return not === undefined ? done : refused(not)
      },
    }),
  ]
}

function passwordRoute(identity: Identity): Route {
  return route({
    ...common,
    method: 'POST',
    path: '/v1/auth/password/change',
    name: 'changePassword',
    summary: 'Sets another password and ends all other sessions of the user.',
    body: Type.Object({ current: Password, password: Password }, closed),
    replies: { 200: Done },
    handle: async (call) => {
      const by = await present(identity, call, { fresh: true })
      const not = await identity.own.changePassword(by, call.body)
      return not === undefined ? done : refused(not)
    },
  })
}

function passkeyJson({ id, name, backedUp, madeAt, usedAt }: ListedPasskey) {
  const used = usedAt === undefined ? null : writeInstant(usedAt)
  return { id, name, backed_up: backedUp, made_at: writeInstant(madeAt), used_at: used }
}
