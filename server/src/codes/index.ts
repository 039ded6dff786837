/** The door to response codes: what a channel's code means, whose cause it was, and how certain it is. */
export {
  CAUSES,
  type Cause,
  CERTAINTIES,
  type Certainty,
  type Classification,
  type ClassLetter,
  type CodeKey,
  letterOf,
  RETRIES,
  type Retry,
} from './classification.ts'
export type { CodeRow } from './code-row.ts'
export {
  type Classified,
  type CodeTable,
  type LaterClassification,
  openCodeTable,
} from './code-table.ts'
export { type Codes, createCodes, type ListsOfChannels, PLATFORM_LIST, UNMAPPED } from './codes.ts'
export { DIRECTIONS, type Direction } from './direction.ts'
export { codeRoutes } from './http.ts'
export {
  type CodeFault,
  type CodeFile,
  type CodeSet,
  CodesRefused,
  readCodes,
} from './read-codes.ts'
export { CODE_PROBLEMS } from './refusals.ts'
export { type InboxItem, noteUnmapped, type UnmappedCode } from './store.ts'
