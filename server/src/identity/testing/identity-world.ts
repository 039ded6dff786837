/** An identity on a database of a test's own, on a wall clock that the test moves. */
import { createHmac, randomBytes } from 'node:crypto'
import {
  createPersonalSeal,
  cryptoRng,
  type Db,
  type Instant,
  newPersonalKeys,
  parsePersonalKeys,
  type Tx,
  type Uuid,
} from '#base'
import { testDatabase } from '../../../testing/database.ts'
import { TEST_START, type TestWorld, testWorld } from '../../../testing/world.ts'
import { type Change, OPERATOR, type Visit } from '../context.ts'
import { createIdentity, type Identity } from '../identity.ts'
import { createHasher, type Hasher } from '../password.ts'
import type { Role } from '../permissions.ts'
import { lockOrganisation } from '../user-store.ts'
import { inviteUser } from '../users.ts'

export interface IdentityWorld extends Identity {
  readonly world: TestWorld
  readonly db: Db
  /** The wall clock; stands still until it is moved. */
  readonly wall: { now(): Instant; advance(ms: number): void }
  /** How often a password was verified, and every statement that was sent. */
  readonly work: { verified: number; statements: string[] }
  /** Another identity on the same database, as another replica has it. */
  replica(): Identity
  close(): Promise<void>
}

export const ORIGIN = 'http://localhost:4000'
export const VISIT: Visit = { from: '192.0.2.10', agent: 'test', requestId: 'req_test' }
export const GOOD_PASSWORD = 'ferns by the blue gate'
export const ORG = 1
/** Made by whoever has the machine. */
export const BY_OPERATOR: Change = { orgId: ORG, actor: OPERATOR, from: '' }

/** Wall time starts a year after business time, so that a mixed-up clock shows. */
const WALL_START = TEST_START + 365 * 86_400_000

/** What a hash costs has a test of its own. */
const CHEAP = { memoryCost: 256, timeCost: 1, parallelism: 1 }

/** A world with the organisation 1, without users. */
export async function identityWorld(): Promise<IdentityWorld> {
  const database = await testDatabase()
  const work = { verified: 0, statements: [] as string[] }
  const db = recorded(database.db, work.statements)
  const world = testWorld({ db })
  let now = WALL_START
  const wall = {
    now: () => now,
    advance: (ms: number) => {
      now += ms
    },
  }
  const rng = cryptoRng()
  const seal = createPersonalSeal(parsePersonalKeys(newPersonalKeys(), 'a test'))
  const relyingParty = { id: 'localhost', name: 'Tenon', origins: [ORIGIN] }
  const hasher = counted(createHasher(rng, CHEAP), work)
  const build = () => createIdentity({ world: { ...world, rng }, wall, seal, relyingParty, hasher })
  await db.tx((tx) => lockOrganisation(tx, { id: ORG, uuid: world.ids.uuid(), name: 'Harbour' }))
  return { ...build(), world, db, wall, work, replica: build, close: () => database.drop() }
}

/** Somebody who can sign in. */
export interface Member {
  readonly userId: Uuid
  readonly login: string
  readonly name: string
  /** The seed of his one-time codes. */
  readonly secret: string
  /** The token of the session he enrolled in. */
  readonly token: string
}

/** Invites somebody and enrols him by password; a minute passes, so that his next code is fresh. */
export async function member(
  on: IdentityWorld,
  of: {
    readonly roles?: readonly Role[]
    readonly staffNumber?: string
    readonly merchantId?: Uuid
    readonly change?: Change
  } = {},
): Promise<Member> {
  const { roles = ['viewer'], staffNumber = randomBytes(6).toString('hex'), merchantId } = of
  const login = freshLogin()
  const name = 'Somebody'
  const invitation = { login, name, staffNumber, roles, ...(merchantId && { merchantId }) }
  const made = await on.db.tx((tx) =>
    inviteUser(on.context, tx, of.change ?? BY_OPERATOR, invitation),
  )
  if ('refused' in made) throw new Error(made.refused)
  const secret = await seedOf(on, made.token)
  const code = codeAt(secret, on.wall.now())
  const { token: link, userId } = made
  const signed = await on.links.setPassword({ token: link, password: GOOD_PASSWORD, code }, VISIT)
  if ('refused' in signed) throw new Error(signed.refused)
  on.wall.advance(60_000)
  return { userId, login, name, secret, token: signed.token }
}

/** Opens a link and gives the seed it shows. */
export async function seedOf(on: IdentityWorld, token: string): Promise<string> {
  const opened = await on.links.open(token)
  if ('refused' in opened) throw new Error(opened.refused)
  return opened.secret.reveal('a test')
}

/** Signs a member in by password and the code of now; a minute passes. */
export async function signIn(on: IdentityWorld, who: Member, visit = VISIT): Promise<string> {
  const code = codeAt(who.secret, on.wall.now())
  const signed = await on.signIn.byPassword(
    { login: who.login, password: GOOD_PASSWORD, code },
    visit,
  )
  if ('refused' in signed) throw new Error(signed.refused)
  on.wall.advance(60_000)
  return signed.token
}

/** The actions of the audit log from the last entry but `since` on, oldest first. */
export async function audited(on: IdentityWorld, since = 0n) {
  return on.db.query<{ seq: bigint; action: string; object: string; actor_kind: string }>(
    'select * from audit.entry where book_id = 0 and seq > $1 order by seq',
    [since],
  )
}

/** The code of a Base32 seed at an instant, by RFC 6238 and nothing of ours. */
export function codeAt(secret: string, at: Instant): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret]
    .map((sign) => alphabet.indexOf(sign).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = mac[19]! & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** A code that is none of those that count at an instant. */
export function wrongCode(secret: string, at: Instant): string {
  const good = [-30_000, 0, 30_000].map((ms) => codeAt(secret, at + ms))
  return ['000000', '111111', '222222', '333333'].find((code) => !good.includes(code))!
}

/** A login nobody else in the test has. */
export function freshLogin(): string {
  return `user-${randomBytes(5).toString('hex')}`
}

function counted(hasher: Hasher, work: { verified: number }): Hasher {
  return {
    ...hasher,
    verify: (hashed, password) => {
      work.verified += 1
      return hasher.verify(hashed, password)
    },
  }
}

function recorded(db: Db, statements: string[]): Db {
  const noting = (tx: Tx): Tx => ({
    query: (sql, params) => {
      statements.push(sql)
      return tx.query(sql, params)
    },
  })
  return { ...db, ...noting(db), tx: (work) => db.tx((tx) => work(noting(tx))) }
}
