/** The door to response codes: what a channel's code means, whose cause it was, and how certain it is. */
export {
  CAUSES,
  type Cause,
  CERTAINTIES,
  type Certainty,
  type Classification,
  type ClassLetter,
  type CodeKey,
  RETRIES,
  type Retry,
} from './classification.ts'
export type { Direction } from './direction.ts'
