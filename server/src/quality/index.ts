/** The door to success rates. */
export {
  DIMENSIONS,
  type Dimension,
  FINE_HOURS_MS,
  type RateQuestion,
  type RateRow,
} from './ask.ts'
export type { AttemptFact } from './attempt-fact.ts'
export type { Ending } from './attempt-state.ts'
export { BAND_NAMES, bandOf } from './bands.ts'
export type { Change, ChangePart, ChangeQuestion, Window } from './change.ts'
export { qualityRoutes } from './http.ts'
export { matureAt, matureBefore } from './maturity.ts'
export { openQuality, type Quality } from './quality.ts'
export {
  type Counts,
  RATE_NAMES,
  type Rate,
  type RateName,
} from './rates.ts'
export { QUALITY_PROBLEMS } from './refusals.ts'
