/** The real routes of keys, webhooks and books behind the real guard, on a database of a test's own. */
import {
  type Answers,
  createHttp,
  createMetrics,
  createPersonalSeal,
  cryptoRng,
  findAnswer,
  publicId,
  wallClock,
} from '../../../server/src/base/index.ts'
import {
  createGuard,
  createKeyRing,
  createKeys,
  createNonces,
  createRateLimits,
  createSessions,
  KEY_PROBLEMS,
  keyRoutes,
} from '../../../server/src/identity/index.ts'
import {
  createReads,
  LEDGER_PROBLEMS,
  ledgerFaults,
  ledgerRoutes,
  openLedger,
} from '../../../server/src/ledger/index.ts'
import { createSm2Verifier, type SignatureAlgorithm } from '../../../server/src/vault/index.ts'
import {
  createWebhooks,
  WEBHOOK_PROBLEMS,
  webhookRoutes,
} from '../../../server/src/webhooks/index.ts'
import { testDatabase } from '../../../server/testing/database.ts'
import { testWorld } from '../../../server/testing/world.ts'

export const MERCHANT = '0198c0de000070008000000000000001'
const ORG = 1

export interface Platform {
  readonly url: string
  /** An engineer's key of the organisation; gives its id and secret. */
  engineer(key?: {
    readonly algorithm: SignatureAlgorithm
    readonly publicKey: string
  }): Promise<{ readonly id: string; readonly secret: string | undefined }>
  close(): Promise<void>
}

export async function startPlatform(): Promise<Platform> {
  const database = await testDatabase()
  const world = testWorld({ db: database.db })
  const { db, ids, clock, log } = world
  const [wall, rng] = [wallClock(), cryptoRng()]
  for (const org of [ORG, ORG + 1]) {
    await db.query('insert into identity.organisation (id, uuid, name) values ($1, $2, $3)', [
      ...[org, ids.uuid(), `organisation ${org}`],
    ])
  }
  await db.query("insert into identity.merchant (id, org_id, name) values ($1, 1, 'one')", [
    MERCHANT,
  ])
  const ledger = await openLedger({ world })
  const sm2 = createSm2Verifier({ threads: 1 })
  const ring = createKeyRing({ db, wall })
  const keys = createKeys({ db, rng, ids, clock, wall, ring, mode: 'test' })
  const guard = createGuard({
    ...{ keys: ring, sm2, wall, mode: 'test', orgOf: () => ORG },
    nonces: createNonces({ db, wall, log }),
    limits: createRateLimits({ db, wall }),
    sessions: createSessions({ db, rng, wall }),
  })
  const seal = createPersonalSeal({
    ...{ active: 'k1', keys: new Map([['k1', new Uint8Array(32).fill(7)]]) },
    index: new Uint8Array(32).fill(9),
  })
  const webhooks = createWebhooks({
    ...{ world: { ...world, rng }, wall, seal, sandbox: true },
    ...{ currencyOf: () => 'CNY', orgName: (org: number) => `org_0_${org}` },
  })
  const answers: Answers = { find: (book, keyHash) => findAnswer(db, book, keyHash) }
  const http = await createHttp({
    ...{ log, clock, rng, net: world.net, metrics: createMetrics(), answers, guard },
    faults: [ledgerFaults(ledger)],
    refusals: [...LEDGER_PROBLEMS, ...KEY_PROBLEMS, ...WEBHOOK_PROBLEMS],
    routes: [
      ...ledgerRoutes({ ledger, reads: createReads(db) }),
      ...keyRoutes(keys),
      ...webhookRoutes(webhooks),
    ],
  })
  const { url } = await http.listen({ port: 0 })
  return {
    url,
    engineer: async (signing) => {
      const made = await keys.make(
        {
          ...{ orgId: ORG, name: 'bench', role: 'engineer', secret: signing === undefined },
          ...{ requiresSignature: false, ...signing },
        },
        { actor: { kind: 'user', id: 'usr_0_maker', person: 'per_0_maker' }, from: '192.0.2.7' },
      )
      if ('refused' in made) throw new Error(made.refused.detail)
      return { id: publicId('key', 0, made.key.id), secret: made.secret }
    },
    close: async () => {
      webhooks.stop()
      await http.close()
      await ledger.close()
      await sm2.close()
      await database.drop()
    },
  }
}
