/** What every rail simulator shares. `README.md` shows how a rail is built on it. */
export type { BookOrder, Detail, NewOrder, Plan, RailBook } from './book.ts'
export { DAY_MS, type RailClock, shanghai, startOfDate } from './clock.ts'
export * from './contract.ts'
export type { Faults, Strike } from './faults.ts'
export { createRailGround, type RailDefinition, type RailGround, type TakeOrder } from './ground.ts'
export { CUT, type Handle, type RailReply, type RailRequest } from './http.ts'
export { MAGIC_AMOUNTS, MAGIC_DELAY_MS, type MagicEffect, type MagicRefusal } from './magic.ts'
export type { NoticeBytes, NoticeEvent, Told } from './notices.ts'
