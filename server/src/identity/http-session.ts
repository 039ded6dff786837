/**
 * What the routes of sign-in share: whose session a request carries, and a session as an answer.
 *
 * These routes are public to the server, because whoever is signed in may use them whatever his
 * roles; each asks for the session here.
 */
import { type Static, Type } from 'typebox'
import { type Call, HttpProblem, httpProblem, type Refused, writeInstant } from '#base'
import type { Visit } from './context.ts'
import type { Identity } from './identity.ts'
import { keyProblem } from './key-refusals.ts'
import { PERMISSIONS, roleTitle } from './permissions.ts'
import { identityProblem, type Refusal } from './refusals.ts'
import {
  ABSOLUTE_MS,
  FRESH_MS,
  IDLE_MS,
  type SessionCaller,
  sessionCookie,
  sessionToken,
  uuidOf,
} from './session.ts'
import type { Present } from './step-up.ts'
import { findSigning, listUsers, organisationName } from './user-store.ts'

export const closed = { additionalProperties: false }

/** A call of any route, as far as it is looked at here. */
export type AnyCall = Pick<Call<unknown, unknown, unknown>, 'received' | 'requestId'>

const AGENT_MOST = 200

export function visitOf({ received, requestId }: AnyCall): Visit {
  const agent = received.headers['user-agent']
  const named = typeof agent === 'string' ? agent.replace(/[^\x20-\x7e]/g, '?') : ''
  return { from: received.from, agent: named.slice(0, AGENT_MOST), requestId }
}

/** A visit that may bring an older session, which a sign-in ends. */
export function signingVisit(call: AnyCall) {
  const oldToken = sessionToken(call.received.headers.cookie)
  return { ...visitOf(call), ...(oldToken !== undefined && { oldToken }) }
}

/** Whose session this is; stops with `session_over`, or `step_up_required` where a proof is due. */
export async function present(
  { sessions }: Identity,
  call: AnyCall,
  asks: { readonly fresh?: true } = {},
): Promise<Present> {
  const visit = visitOf(call)
  const token = sessionToken(call.received.headers.cookie)
  const caller = token === undefined ? undefined : await sessions.identify(token, visit.from)
  if (token === undefined || caller === undefined) {
    throw new HttpProblem(keyProblem('session_over'))
  }
  if (asks.fresh === true && !sessions.isFresh(caller.steppedUpAt)) {
    throw new HttpProblem(httpProblem('step_up_required'))
  }
  return { caller, token, visit }
}

/** A refusal as an answer. */
export function refused({ refused: code, retryAfterS }: Refusal): Refused {
  return { problem: identityProblem(code, retryAfterS) }
}

const Text = Type.Object({ en: Type.String(), zh: Type.String() }, closed)

export const SessionPart = Type.Object(
  {
    id: Type.String({ description: 'The session, `ses_0_…`.' }),
    user: Type.Object({ id: Type.String(), login: Type.String(), name: Type.String() }, closed),
    person: Type.String({ description: 'The natural person; two users of one person are one.' }),
    organisation: Type.Object({ number: Type.Integer(), name: Type.String() }, closed),
    merchant: Type.Union([Type.String(), Type.Null()]),
    roles: Type.Array(Type.Object({ role: Type.String(), title: Text }, closed)),
    permissions: Type.Array(Type.Object({ permission: Type.String(), title: Text }, closed)),
    proved_at: Type.String({ description: 'The last proof of presence.' }),
    proof_counts_until: Type.String(),
    idle_seconds: Type.Integer({ description: 'Without a request for as long, it is over.' }),
    absolute_seconds: Type.Integer({ description: 'So long after its start it is over anyway.' }),
  },
  { ...closed, $id: 'Session' },
)

/** The session of a caller, as its user sees it. */
export async function sessionJson(
  identity: Identity,
  caller: SessionCaller,
): Promise<Static<typeof SessionPart>> {
  const { db } = identity.context
  const userId = uuidOf(caller.id)
  const [user, [listed], name] = await Promise.all([
    findSigning(db, userId),
    listUsers(db, { orgId: caller.orgId, only: userId, limit: 1 }),
    organisationName(db, caller.orgId),
  ])
  const permissions = [...PERMISSIONS].filter(([each]) => caller.permissions.has(each))
  return {
    id: caller.session,
    user: { id: caller.id, login: user!.login, name: user!.name },
    person: caller.person,
    organisation: { number: caller.orgId, name: name! },
    merchant: caller.merchant ?? null,
    roles: listed!.roles.map((role) => ({ role, title: { ...roleTitle(role) } })),
    permissions: permissions.map(([permission, title]) => ({ permission, title: { ...title } })),
    proved_at: writeInstant(caller.steppedUpAt),
    proof_counts_until: writeInstant(caller.steppedUpAt + FRESH_MS),
    idle_seconds: IDLE_MS / 1000,
    absolute_seconds: ABSOLUTE_MS / 1000,
  }
}

/** The answer to whoever has just proved himself: his session, and its cookie. */
export async function begun(identity: Identity, call: AnyCall, token: string) {
  const caller = await identity.sessions.identify(token, call.received.from)
  if (caller === undefined) throw new HttpProblem(keyProblem('session_over'))
  return {
    status: 200 as const,
    body: await sessionJson(identity, caller),
    headers: { 'set-cookie': sessionCookie(token) },
  }
}

/** What `PublicKeyCredential.toJSON()` gives; browsers add fields of their own inside. */
const open = { additionalProperties: true }
const Base64Url = Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: 20_000 })

export const AssertionBody = Type.Object(
  {
    id: Base64Url,
    rawId: Base64Url,
    type: Type.Literal('public-key'),
    authenticatorAttachment: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    clientExtensionResults: Type.Optional(Type.Object({}, open)),
    response: Type.Object(
      {
        clientDataJSON: Base64Url,
        authenticatorData: Base64Url,
        signature: Base64Url,
        userHandle: Type.Optional(Type.Union([Base64Url, Type.Null()])),
      },
      open,
    ),
  },
  { ...closed, $id: 'PasskeyAssertion' },
)

export const AttestationBody = Type.Object(
  {
    id: Base64Url,
    rawId: Base64Url,
    type: Type.Literal('public-key'),
    authenticatorAttachment: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    clientExtensionResults: Type.Optional(Type.Object({}, open)),
    response: Type.Object(
      {
        clientDataJSON: Base64Url,
        attestationObject: Base64Url,
        transports: Type.Optional(Type.Array(Type.String({ maxLength: 40 }), { maxItems: 10 })),
      },
      open,
    ),
  },
  { ...closed, $id: 'PasskeyAttestation' },
)

/** What the browser's `navigator.credentials` takes, as it stands in WebAuthn. */
export const OptionsPart = Type.Object(
  { options: Type.Object({ challenge: Type.String() }, open) },
  { ...closed, $id: 'PasskeyOptions' },
)

export function optionsJson(options: object): Static<typeof OptionsPart> {
  return { options: options as { challenge: string } }
}
