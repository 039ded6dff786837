/** An identity on a database of a test's own, on a wall clock that the test moves. */
import { createHmac, randomBytes } from 'node:crypto'
import {
  createPersonalSeal,
  cryptoRng,
  type Instant,
  newPersonalKeys,
  parsePersonalKeys,
} from '#base'
import { testDatabase } from '../../../testing/database.ts'
import { TEST_START, type TestWorld, testWorld } from '../../../testing/world.ts'
import type { IdentityContext, Visit } from '../context.ts'
import { createHasher, type Hasher } from '../password.ts'
import { createSessions } from '../session.ts'

export interface IdentityWorld extends IdentityContext {
  readonly world: TestWorld
  /** The wall clock; stands still until it is moved. */
  readonly wall: { now(): Instant; advance(ms: number): void }
  /** How often a password was verified. */
  readonly work: { verified: number }
  close(): Promise<void>
}

export const ORIGIN = 'http://localhost:4000'
export const VISIT: Visit = { from: '192.0.2.10', agent: 'test', requestId: 'req_test' }
export const GOOD_PASSWORD = 'ferns by the blue gate'

/** Wall time starts a year after business time, so that a mixed-up clock shows. */
const WALL_START = TEST_START + 365 * 86_400_000

export async function identityWorld(): Promise<IdentityWorld> {
  const database = await testDatabase()
  const world = testWorld({ db: database.db })
  let now = WALL_START
  const wall = {
    now: () => now,
    advance: (ms: number) => {
      now += ms
    },
  }
  const work = { verified: 0 }
  const rng = cryptoRng()
  const { db, ids, clock } = world
  const seal = createPersonalSeal(parsePersonalKeys(newPersonalKeys(), 'a test'))
  return {
    ...{ world, db, rng, ids, clock, wall, seal, work },
    sessions: createSessions({ db, rng, wall }),
    hasher: counted(createHasher(rng), work),
    relyingParty: { id: 'localhost', name: 'Tenon', origins: [ORIGIN] },
    close: () => database.drop(),
  }
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

/** A login nobody else in the test has. */
export function freshLogin(): string {
  return `user-${randomBytes(5).toString('hex')}`
}
