/**
 * Who may do what, put together for a server: sign-in, keys and signatures, the guard of the HTTP layer,
 * the audit log's checkpoints, approvals, and what is paused.
 *
 * The one thing to get wrong: the clock. Sessions, signatures, nonces, limits and checkpoints are on the
 * wall clock; only what the audit log calls "when" is business time, which tests and the sandbox move.
 */
import { join } from 'node:path'
import {
  APPROVAL_PROBLEMS,
  approvalRoutes,
  createApprovals,
  executedEvent,
  type GuardedAction,
  guardedAction,
  markExecuted,
  readPolicies,
} from './approvals/index.ts'
import {
  AUDIT_PROBLEMS,
  auditReads,
  auditRoutes,
  CHECKPOINT_KEY_FILE,
  checkpointFolder,
  createCheckpointer,
  loadCheckpointKey,
} from './audit/index.ts'
import {
  type DueHandler,
  diskJournal,
  type Files,
  type Guard,
  type Knock,
  operatorOnly,
  type PersonalSeal,
  type ProblemRow,
  type Route,
  type Subscriber,
  type World,
  wallClock,
} from './base/index.ts'
import {
  createGuard,
  createIdentity,
  createKeyAction,
  createKeyRing,
  createKeys,
  createNonces,
  createPeople,
  createRateLimits,
  ensureOrganisation,
  type Identity,
  KEY_PROBLEMS,
  type Keys,
  keyRoutes,
  linkRoutes,
  ownRoutes,
  signInRoutes,
  USER_PROBLEMS,
  userActions,
  userRoutes,
} from './identity/index.ts'
import type { ServerLedger } from './ledger/index.ts'
import type { ServerConfig } from './settings.ts'
import { createStops, STOPS_PROBLEMS, type Stops, stopRoutes } from './stops/index.ts'
import { createSm2Verifier } from './vault/index.ts'

export interface AccessOptions {
  readonly config: ServerConfig
  readonly world: World
  readonly ledger: ServerLedger
  readonly seal: PersonalSeal
  readonly keysFolder: string
  /** The folder of the documents that ship. */
  readonly schemes: Files
  readonly orgId: number
  /** Its name, where it has none yet. */
  readonly organisation: string
  /** Where browsers reach the server when no origin is set; known once it listens. */
  ownUrl(): string
  /** Actions of other parts that take a second person. */
  readonly actions?: readonly GuardedAction[]
  /** Work may be due at once. */
  onPlanned(): void
}

export interface AccessParts {
  /** The public id of the organisation. */
  readonly organisation: string
  readonly identity: Identity
  readonly keys: Keys
  readonly stops: Stops
  readonly guard: Guard
  readonly routes: readonly Route[]
  readonly handlers: Readonly<Record<string, DueHandler>>
  readonly subscribers: readonly Subscriber[]
  run(): Promise<void>
  stop(): Promise<void>
}

export const ACCESS_PROBLEMS: readonly ProblemRow[] = [
  ...USER_PROBLEMS,
  ...KEY_PROBLEMS,
  ...AUDIT_PROBLEMS,
  ...APPROVAL_PROBLEMS,
  ...STOPS_PROBLEMS,
]

/** Puts the parts together; what they look at is first looked at by `run`. */
export async function createAccessParts(options: AccessOptions): Promise<AccessParts> {
  const { config, world, ledger, seal, keysFolder, schemes } = options
  const { db, rng, ids, clock, log } = world
  const wall = wallClock()
  const { orgId: id, organisation: name } = options
  const organisation = await ensureOrganisation(db, { id, uuid: ids.uuid(), name })
  const identity = createIdentity({ world, wall, seal, relyingParty: relyingParty(options) })
  const { sessions } = identity
  const ring = createKeyRing({ db, wall })
  const keys = createKeys({ db, rng, ids, clock, wall, mode: config.mode, ring })
  const sm2 = createSm2Verifier()
  const orgOf = (book: number) => ledger.orgOf(book)
  const guard = createGuard({
    ...{ sessions, keys: ring, sm2, wall, mode: config.mode, orgOf },
    nonces: createNonces({ db, wall, log }),
    limits: createRateLimits({ db, wall }),
  })
  const stops = createStops({ db, clock, wall, log, ledger })
  const policies = new TextDecoder().decode(await schemes.read('approvals/default.yaml'))
  const approvals = createApprovals({
    ...{ world, orgOf, onPlanned: options.onPlanned },
    actions: [
      ...[...stops.actions, ...(options.actions ?? [])],
      ...userActions(identity.context, { mark: markExecuted, event: executedEvent }).map(
        guardedAction,
      ),
      guardedAction(
        createKeyAction({
          ...{ db, wall, keys, executedEvent },
          markExecuted: (tx, orgId, approval) => markExecuted(tx, clock.now(), orgId, approval),
        }),
      ),
    ],
    policies: readPolicies(policies),
    people: createPeople(identity.context),
    isFresh: (steppedUpAt) => sessions.isFresh(steppedUpAt),
  })
  const review = async (org: number, action: string, content: unknown) =>
    (await approvals.policyFor(org, action, content)).checkers > 0
  const checkpoints = await checkpointsOf(config, keysFolder)
  const checkpointer = createCheckpointer({ db, clock: wall, log, ...checkpoints })
  return {
    ...{ organisation, identity, keys, stops },
    guard: config.signIn === 'required' ? guard : thisMachineToo(guard, options.orgId),
    routes: [
      ...[...signInRoutes(identity), ...linkRoutes(identity), ...ownRoutes(identity)],
      ...[...userRoutes(identity, review), ...keyRoutes(keys), ...approvalRoutes(approvals)],
      ...stopRoutes(stops),
      ...auditRoutes({ reads: auditReads(db), journal: checkpoints.journal }),
    ],
    handlers: approvals.handlers,
    subscribers: [approvals.subscriber],
    run: async () => {
      void checkpointer.run()
      await stops.start()
    },
    stop: async () => {
      await Promise.all([checkpointer.stop(), stops.stop(), sm2.close()])
    },
  }
}

/** As browsers know this server. */
function relyingParty({ config, ownUrl }: AccessOptions) {
  const origin = () => config.origin ?? ownUrl().replace('127.0.0.1', 'localhost')
  return {
    get id() {
      return new URL(origin()).hostname
    },
    name: 'Tenon',
    get origins() {
      return [origin()]
    },
  }
}

async function checkpointsOf(config: ServerConfig, keysFolder: string) {
  const folder = checkpointFolder(config.auditFolder, keysFolder)
  const { auditWitness: witness } = config
  return {
    key: await loadCheckpointKey(join(keysFolder, CHECKPOINT_KEY_FILE)),
    journal: diskJournal(folder),
    ...(witness === undefined ? {} : { witness: diskJournal(witness) }),
  }
}

/**
 * A guard that also takes this machine's own without credentials, as the operator of one organisation.
 * Whoever brings credentials is judged by them alone: bad ones do not fall back to this.
 */
function thisMachineToo(guard: Guard, orgId: number): Guard {
  const operator = operatorOnly({ orgId })
  const bringsNone = ({ headers }: Knock) =>
    headers.authorization === undefined &&
    headers.cookie === undefined &&
    headers['signature-input'] === undefined &&
    headers.signature === undefined
  return {
    ...guard,
    loopbackOnly: true,
    identify: (knock) => (bringsNone(knock) ? operator : guard).identify(knock),
  }
}
