/** The ground every module stands on: no business word in here. */
export type { ConnectOptions, Db, Row, Tx } from './db.ts'
export { applied, type Effect, type EffectRow, type OutboxEvent, type StoredAnswer } from './effect.ts'
export { createIds, type Ids, type ParsedId, parsePublicId, publicId, type Uuid } from './ids.ts'
export type { Log } from './log.ts'
export { Bug, must, present } from './must.ts'
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
