/** The door to success rates. */
export type { AttemptFact } from './attempt-fact.ts'
