/**
 * The server of the auth bench, a process of its own: the ledger's route for transfers behind the real
 * guard, and beside it one with the same contract that does nothing.
 *
 * Arguments: the url of the database, a public key (PEM, ed25519). It makes a key that signs and one
 * with a secret, and tells both.
 */
import {
  createHttp,
  createLog,
  createMetrics,
  findAnswer,
  publicId,
  type Route,
} from '../../server/src/base/index.ts'
import {
  createGuard,
  createKeyRing,
  createKeys,
  createNonces,
  createRateLimits,
  createSessions,
  type KeyDraft,
  LIMITS,
} from '../../server/src/identity/index.ts'
import { createReads, ledgerRoutes } from '../../server/src/ledger/index.ts'
import { createSm2Verifier } from '../../server/src/vault/index.ts'
import { BOOK, openEngine } from './engine.ts'

const [url, publicKey] = [process.argv[2]!, process.argv[3]!]
const { ledger, world } = await openEngine(url)
const { db, rng, ids, clock } = world
const log = createLog({ level: 'error' })
const wall = { now: () => Date.now() }

const ring = createKeyRing({ db, wall })
const wide = { requests: 100_000, windowMs: 1_000 }
const guard = createGuard({
  sessions: createSessions({ db, rng, wall }),
  keys: ring,
  nonces: createNonces({ db, wall, log }),
  limits: createRateLimits({ db, wall }),
  sm2: createSm2Verifier(),
  ...{ wall, mode: 'test', orgOf: (book) => (book === BOOK ? 1 : undefined) },
  table: { ...LIMITS, key: { read: wide, write: wide } },
})

await db.query(
  `insert into identity.organisation (id, uuid, name) values (1, gen_random_uuid(), 'bench')
   on conflict do nothing`,
)
const keys = createKeys({ ...{ db, rng, ids, clock, wall, ring }, mode: 'test' })
const by = { actor: { kind: 'operator', id: 'bench', person: 'bench' }, from: '' } as const
const draft = { orgId: 1, name: 'bench', role: 'operator', requiresSignature: false } as const
const makeOne = async (of: Pick<KeyDraft, 'secret' | 'algorithm' | 'publicKey'>) => {
  const made = await keys.make({ ...draft, ...of }, by)
  if ('refused' in made) throw new Error(made.refused.detail)
  return made
}
const signing = await makeOne({ secret: false, algorithm: 'ed25519', publicKey })
const bearing = await makeOne({ secret: true })

// No role of a key may post transfers by hand; what is measured does not depend on which permission.
const policy = { permission: 'payments.create' } as const
const routes = ledgerRoutes({ ledger, reads: createReads(db) })
const found = routes.find(({ method, path }) => method === 'POST' && path === '/v1/transfers')
if (found === undefined) throw new Error('the ledger has no route POST /v1/transfers')
const transfers: Route = { ...found, policy }

/** What the real route answers to a single transfer, byte for byte as long. */
const ANSWER = {
  id: `tr_${BOOK}_00000000000000000000000000000000`,
  type: 'post',
  status: 'accepted',
  replayed: false,
  number: '1234567',
  booked_at: '2026-01-01T00:00:00.000Z',
}
const noop: Route = {
  ...transfers,
  path: '/bench/noop',
  name: 'benchNoop',
  summary: 'Checks who calls and what he sends, and answers.',
  handle: () => ({ status: 201, body: ANSWER }),
}

const http = await createHttp({
  ...{ log, clock, rng, net: world.net, guard },
  metrics: createMetrics(),
  answers: { find: (book, keyHash) => findAnswer(db, book, keyHash) },
  routes: [transfers, noop],
})
const { url: address } = await http.listen({ port: 0 })
process.send!({ address, keyId: publicId('key', 0, signing.key.id), secret: bearing.secret })

process.on('disconnect', () => process.exit())
