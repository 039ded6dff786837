/** The ground every module stands on: no business word in here. */
export { type FoundAnswer, findAnswer, storeAnswer } from './answer.ts'
export { type MovableClock, type SimulatedClock, simulatedClock, wallClock } from './clock.ts'
export {
  Column,
  columnOf,
  hexColumn,
  instantColumn,
  intColumn,
  jsonColumn,
  OID,
  textColumn,
  type UuidParts,
} from './column.ts'
export {
  address,
  baseSettings,
  type Config,
  ConfigRefused,
  configReference,
  oneOf,
  printConfig,
  readConfig,
  type Setting,
  type SettingParser,
  type SettingsTable,
  secret,
  text,
  timeSpan,
  wholeNumber,
  yesOrNo,
} from './config.ts'
export {
  type ConnectOptions,
  clientConfig,
  createDb,
  type Db,
  type DbOptions,
  DbUnavailable,
  type OrgDb,
  type Row,
  type Tx,
} from './db.ts'
export {
  type DeadDue,
  type DueAttempt,
  doneDue,
  ensureDue,
  forgetDue,
  listDead,
  type PlannedDue,
  planDue,
  postponeDue,
  reviveDead,
} from './due.ts'
export {
  backoffMs,
  createDueSweeper,
  type DueHandler,
  type DueSweeper,
  type DueSweeperOptions,
  type DueWork,
} from './due-sweeper.ts'
export {
  applied,
  type Effect,
  type EffectRow,
  type OutboxEvent,
  type StoredAnswer,
} from './effect.ts'
export { diskFiles } from './files.ts'
export { ListenRefused } from './http/access.ts'
export { actingPerson, type Caller, type Guard, type Knock, type Permitted } from './http/caller.ts'
export { createHttp, type Http, type HttpOptions } from './http/create-http.ts'
export type { Faults, Outcome } from './http/faults.ts'
export { FORWARDED } from './http/forward.ts'
export type { Answers } from './http/idempotency.ts'
export { parseInstant, writeInstant } from './http/instant.ts'
export type { NotReady } from './http/operations.ts'
export { operatorOnly } from './http/operator-only.ts'
export {
  HTTP_PROBLEMS,
  HttpProblem,
  type HttpProblemCode,
  httpProblem,
  type Problem,
  type ProblemRow,
  type Violation,
  violated,
} from './http/problem.ts'
export { clusterKey, createReplicas, type Replicas } from './http/replicas.ts'
export {
  type Answer,
  type Call,
  type Idempotency,
  type Keyed,
  type Policy,
  type RawReply,
  type RawRouteSpec,
  type Received,
  type Refused,
  type Replies,
  type Route,
  type RouteSpec,
  rawRoute,
  route,
} from './http/route.ts'
export {
  createIds,
  derivedUuid,
  type Ids,
  type ParsedId,
  parsePublicId,
  publicId,
  type Uuid,
} from './ids.ts'
export { diskJournal, type Journal } from './journal.ts'
export { KeyFileProblem, keepKeyFile } from './key-file.ts'
export { createLog, type Log, type LogLevel, type LogOptions } from './log.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { type MigrateOptions, MigrationRefused, migrate, schemaProblem } from './migrate.ts'
export { Bug, must, present } from './must.ts'
export {
  httpNet,
  type NetOptions,
  type OutsideNetOptions,
  outsideNet,
  systemResolver,
} from './net.ts'
export {
  type DeliveredEvent,
  insertOutboxSql,
  listParked,
  outboxColumns,
  type ParkedEvent,
  replayParked,
  type Subscriber,
} from './outbox.ts'
export { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from './outbox-relay.ts'
export {
  checkAddress,
  checkOutsideUrl,
  isOutsideRefusal,
  type OutsideRefusal,
  type OutsideRefusalCode,
  type OutsideRules,
  type OutsideUrl,
  outsideRefusals,
  type Resolver,
  resolveOutside,
} from './outside-address.ts'
export { isPersonalRefusal, Personal, type PersonalKind, personal } from './personal.ts'
export {
  addPersonalKey,
  loadPersonalKeys,
  newPersonalKeys,
  type PersonalKeySource,
  parsePersonalKeys,
  personalSettings,
  retirePersonalKey,
} from './personal-keys.ts'
export {
  PersonalProblem,
  type PersonalRefusal,
  type PersonalRefusalCode,
  personalRefusals,
} from './personal-refusals.ts'
export {
  createPersonalSeal,
  type PersonalKeys,
  type PersonalSeal,
  type SealedPlace,
} from './personal-seal.ts'
export { cryptoRng, seededRng } from './rng.ts'
export { Sensitive } from './sensitive.ts'
export { createShutdown, type Shutdown, type ShutdownOptions } from './shutdown.ts'
export type {
  Clock,
  Files,
  Instant,
  Net,
  NetReply,
  NetRequest,
  Rng,
  World,
} from './world.ts'
