/** The door to success rates. */
export type { RateQuestion } from './ask.ts'
export type { AttemptFact } from './attempt-fact.ts'
export type { Ending } from './attempt-state.ts'
export { BAND_NAMES } from './bands.ts'
export { qualityRoutes } from './http.ts'
export { openQuality, type Quality } from './quality.ts'
export { QUALITY_PROBLEMS } from './refusals.ts'
