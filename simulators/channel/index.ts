/** What every rail simulator shares. `README.md` shows how a rail is built on it. */
export type { RailBook } from './book.ts'
export { DAY_MS, type RailClock, shanghai, startOfDate, wallNow } from './clock.ts'
export * from './contract.ts'
export type { BookOrder, Detail, NewOrder, Plan } from './entry.ts'
export type { Faults, Strike } from './faults.ts'
export { createRailGround, type RailDefinition, type RailGround, type TakeOrder } from './ground.ts'
export { CUT, type Handle, type RailReply, type RailRequest } from './http.ts'
export {
  CUTOFF_BANK,
  MAGIC_AMOUNTS,
  MAGIC_DELAY_MS,
  type MagicEffect,
  type MagicRefusal,
  MISMATCHED_NAME,
  RETURNING_BANK,
} from './magic.ts'
export type { NoticeBytes, NoticeEvent, Told } from './notices.ts'
