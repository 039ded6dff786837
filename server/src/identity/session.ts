/**
 * Sessions of signed-in users: made by sign-in, known by a cookie, ended in many ways.
 *
 * All times here are on the wall clock, which no test clock or sandbox moves. The easy mistake:
 * believing a session because it was good a moment ago. User, roles and end are read again at each
 * request; what was read is kept for one second at most.
 */
import { createHash } from 'node:crypto'
import { type Caller, type Db, type Instant, publicId, type Rng, type Tx, type Uuid } from '#base'
import { permissionsOf } from './permissions.ts'
import {
  findSession,
  insertSession,
  type ListedSession,
  type LiveSession,
  listSessions,
  rotateSession,
  touchSession,
} from './session-store.ts'

/** The wall clock, apart from the World's. */
export interface Wall {
  now(): Instant
}

/** `__Host-`: the browser takes it from this host alone, over TLS or on localhost, for every path. */
export const SESSION_COOKIE = '__Host-tenon'

/** Without a request for this long, a session is over (PCI DSS 8.2.8). */
export const IDLE_MS = 15 * 60_000
/** However busy, a session is over after this. */
export const ABSOLUTE_MS = 8 * 3_600_000
/** How long a proof of presence counts for what is dangerous. */
export const FRESH_MS = 5 * 60_000
/** How often the use of a session is written down. */
const TOUCH_MS = 30_000
/** How long what was read of a session may be believed. */
const BELIEVED_MS = 1_000
const MOST_KEPT = 10_000
const TOKEN_BYTES = 32

/** A user as his session proves him; what a `Guard` answers. */
export interface SessionCaller extends Caller {
  readonly kind: 'user'
  readonly steppedUpAt: Instant
  /** The public id of the session. */
  readonly session: string
}

export interface Sessions {
  /**
   * Whose session a token is; `undefined` when it is nobody's, ended, idle for 15 minutes, or older
   * than 8 hours. Counts as use of it.
   */
  identify(token: string, from: string): Promise<SessionCaller | undefined>
  /** Whether a proof of presence still counts: for 5 minutes. */
  isFresh(steppedUpAt: Instant): boolean
  /** Starts a session and gives its token, which is shown once and stored as a hash. */
  start(
    tx: Tx,
    of: { orgId: number; userId: Uuid; id: Uuid; from: string; agent: string },
  ): Promise<string>
  /** Gives a session a new token and a fresh proof of presence; `undefined` when it has ended. */
  rotate(tx: Tx, token: string): Promise<string | undefined>
  /** A user's sessions that still count, the newest first. */
  list(orgId: number, userId: Uuid): Promise<ListedSession[]>
  /** Believes nothing read so far. For whoever ended sessions in this process. */
  forget(): void
}

export interface SessionsOptions {
  readonly db: Db
  readonly rng: Rng
  readonly wall: Wall
}

/** Opens the sessions of one database. */
export function createSessions({ db, rng, wall }: SessionsOptions): Sessions {
  const kept = new Map<string, { readonly session: LiveSession; readonly at: Instant }>()

  const read = async (token: string): Promise<LiveSession | undefined> => {
    const hash = tokenHash(token)
    const key = hash.toString('base64')
    const now = wall.now()
    const known = kept.get(key)
    if (known !== undefined && Math.abs(now - known.at) < BELIEVED_MS) return known.session
    kept.delete(key)
    const session = await findSession(db, hash)
    if (session === undefined || !isAlive(session, now)) return undefined
    if (session.seenAt < now - TOUCH_MS) {
      await touchSession(db, { id: session.id, at: now, everyMs: TOUCH_MS })
    }
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(key, { session, at: now })
    return session
  }
  return {
    identify: async (token, from) => {
      if (!TOKEN.test(token)) return undefined
      const session = await read(token)
      return session && callerOf(session, from)
    },
    isFresh: (steppedUpAt) => Math.abs(wall.now() - steppedUpAt) < FRESH_MS,
    start: async (tx, of) => {
      const token = freshToken(rng)
      await insertSession(tx, { ...of, tokenHash: tokenHash(token), at: wall.now() })
      return token
    },
    rotate: async (tx, token) => {
      const next = freshToken(rng)
      const of = { tokenHash: tokenHash(token), newHash: tokenHash(next), at: wall.now() }
      return (await rotateSession(tx, of)) ? next : undefined
    },
    list: (orgId, userId) => {
      const now = wall.now()
      const since = { madeAfter: now - ABSOLUTE_MS, seenAfter: now - IDLE_MS }
      return listSessions(db, { orgId, userId, ...since })
    },
    forget: () => kept.clear(),
  }
}

/** The uuid of a public id of our own making. */
export function uuidOf(id: string): Uuid {
  return id.slice(id.lastIndexOf('_') + 1)
}

/** A token as sent: 32 bytes, base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** A secret nobody can guess: 256 bits as base64url. */
export function freshToken(rng: Rng): string {
  return Buffer.from(rng.bytes(TOKEN_BYTES)).toString('base64url')
}

/** What is stored of a token. It has 256 bits of chance, so a plain hash cannot be searched. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest()
}

function isAlive(session: LiveSession, now: Instant): boolean {
  return now - session.seenAt < IDLE_MS && now - session.madeAt < ABSOLUTE_MS
}

function callerOf(session: LiveSession, from: string): SessionCaller {
  const { id, orgId, userId, personId, merchantId, roles, provedAt } = session
  return {
    kind: 'user',
    id: publicId('usr', 0, userId),
    person: publicId('per', 0, personId),
    orgId,
    ...(merchantId !== undefined && { merchant: publicId('mch', 0, merchantId) }),
    permissions: permissionsOf(roles),
    steppedUpAt: provedAt,
    signed: false,
    from,
    session: publicId('ses', 0, id),
  }
}

/** The cookie that carries a token. */
export function sessionCookie(token: string): string {
  return `${SESSION_COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict`
}

/** The cookie that takes it away again. */
export const ENDED_COOKIE = `${SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`

/** The token of a request's `Cookie` header (RFC 6265 section 4.2); `undefined` without one. */
export function sessionToken(header: string | string[] | undefined): string | undefined {
  const whole = Array.isArray(header) ? header.join('; ') : (header ?? '')
  const tokens = whole
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${SESSION_COOKIE}=`))
    .map((part) => part.slice(SESSION_COOKIE.length + 1))
  // Two of one name cannot both have been set by us for this host; none of them is believed.
  return tokens.length === 1 && tokens[0] !== '' ? tokens[0] : undefined
}
