/** The door to response codes: what a channel's code means, whose cause it was, and how certain it is. */
export type { Cause, Classification, CodeKey } from './classification.ts'
export { type CodeTable, openCodeTable } from './code-table.ts'
export type { Codes } from './codes.ts'
export { DIRECTIONS, type Direction } from './direction.ts'
export { codeRoutes } from './http.ts'
export { type CodeSet, CodesRefused, readCodes } from './read-codes.ts'
export { CODE_PROBLEMS } from './refusals.ts'
export { noteUnmapped, type UnmappedCode } from './store.ts'
