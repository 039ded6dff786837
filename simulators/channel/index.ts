/** What every rail simulator shares. `README.md` shows how a rail is built on it. */
export type { RailBook } from './book.ts'
export { DAY_MS, shanghai, shanghaiTime, startOfDate, wallNow } from './clock.ts'
export * from './contract.ts'
export type { BookOrder } from './entry.ts'
export { createRailGround, type RailGround } from './ground.ts'
export type { RailReply, RailRequest } from './http.ts'
export {
  CUTOFF_BANK,
  type MagicEffect,
  type MagicRefusal,
  MISMATCHED_NAME,
  RETURNING_BANK,
} from './magic.ts'
export type { NoticeBytes, Told } from './notices.ts'
export { yuan } from './yuan.ts'
export { type ZipFile, zip } from './zip.ts'
