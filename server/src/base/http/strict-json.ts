/**
 * The one parser of JSON bodies. It refuses what two parsers read differently: duplicate keys,
 * prototype keys, NUL characters, lone surrogates, deep nesting, bytes that are not UTF-8.
 *
 * The easy mistake is to scan every body twice to find these. `JSON.parse` does the parsing here; a
 * duplicate key shows as fewer members in the value than colons in the text, and NUL or a lone
 * surrogate can only have come through a `\u` escape. Only a body that fails one of these cheap
 * tests is read a second time, to name the place.
 */
import { isUtf8 } from 'node:buffer'
import { HttpProblem, httpProblem } from './problem.ts'

/** Objects and lists inside each other, the outermost counted. */
export const DEEPEST_JSON = 32

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/** An escape of NUL or of half a surrogate pair. */
const SUSPECT_ESCAPE = /\\u(?:0000|[dD][89a-fA-F])/

/** In `u` mode whole pairs are one character, so what matches stands alone. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** Parses a body. Throws `HttpProblem` with its own code for every reason to refuse it. */
export function parseStrictJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new HttpProblem(httpProblem('body_missing'))
  if (!isUtf8(bytes)) throw new HttpProblem(httpProblem('body_not_utf8'))
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new HttpProblem(httpProblem('body_not_json', { why: plain((error as Error).message) }))
  }
  const members = typeof value === 'object' && value !== null ? countMembers(value, 1) : 0
  const suspect = text.includes('\\') && SUSPECT_ESCAPE.test(text)
  if (suspect || members !== countColons(bytes)) refuseFirstFault(text)
  return value
}

/** V8 quotes the text it stumbled over, line ends and all. */
function plain(message: string): string {
  return message.replaceAll(/\s+/g, ' ').slice(0, 160)
}

/** Members of all objects in a parsed value; NaN when it is too deep or has a prototype key. */
function countMembers(value: object, depth: number): number {
  if (depth > DEEPEST_JSON) return Number.NaN
  let count = 0
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index]
      if (typeof item === 'object' && item !== null) count += countMembers(item, depth + 1)
    }
    return count
  }
  for (const key in value) {
    if (isPrototypeKey(key)) return Number.NaN
    count += 1
    const item = (value as Record<string, unknown>)[key]
    if (typeof item === 'object' && item !== null) count += countMembers(item, depth + 1)
  }
  return count
}

function isPrototypeKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}

/** Colons outside strings: one for each member as written. The text is known to be JSON. */
function countColons(bytes: Buffer): number {
  let count = 0
  let quoted = false
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index]
    if (quoted) {
      if (byte === BACKSLASH) index += 1
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (byte === COLON) count += 1
  }
  return count
}

/** An object or a list that is open at the place the scan has reached. */
interface Frame {
  /** Keys seen so far; a list has none. */
  keys: Set<string> | undefined
  expectsKey: boolean
  /** The key or index that is being read. */
  at: string | number
}

/** Reads the text once more and throws for the first fault in reading order, if there is one. */
function refuseFirstFault(text: string): void {
  const frames: Frame[] = []
  for (let index = 0; index < text.length; ) {
    const char = text[index]
    const frame = frames.at(-1)
    if (char === '"') {
      const end = endOfString(text, index)
      const string = JSON.parse(text.slice(index, end)) as string
      if (frame?.keys !== undefined && frame.expectsKey)
        takeKey(frame as ObjectFrame, string, frames)
      refuseCharacters(string, frames)
      index = end
      continue
    }
    if (char === '{' || char === '[') {
      const keys = char === '{' ? new Set<string>() : undefined
      frames.push({ keys, expectsKey: keys !== undefined, at: keys === undefined ? 0 : '' })
      if (frames.length > DEEPEST_JSON) throw fault('json_too_deep', frames.slice(0, -1))
    } else if (char === '}' || char === ']') frames.pop()
    else if (char === ',' && frame !== undefined) {
      if (frame.keys === undefined) frame.at = (frame.at as number) + 1
      else frame.expectsKey = true
    }
    index += 1
  }
}

interface ObjectFrame extends Frame {
  keys: Set<string>
}

function takeKey(frame: ObjectFrame, key: string, frames: Frame[]): void {
  frame.at = key
  frame.expectsKey = false
  if (isPrototypeKey(key)) throw fault('json_prototype_key', frames)
  if (frame.keys.has(key)) throw fault('json_duplicate_key', frames)
  frame.keys.add(key)
}

function refuseCharacters(string: string, frames: Frame[]): void {
  if (string.includes('\0')) throw fault('json_nul_character', frames)
  if (LONE_SURROGATE.test(string)) throw fault('json_lone_surrogate', frames)
}

/** The place after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1
  while (text[index] !== '"') index += text[index] === '\\' ? 2 : 1
  return index + 1
}

type JsonFault =
  | 'json_too_deep'
  | 'json_prototype_key'
  | 'json_duplicate_key'
  | 'json_nul_character'
  | 'json_lone_surrogate'

function fault(code: JsonFault, frames: Frame[]): HttpProblem {
  const problem = httpProblem(code)
  const pointer = frames
    .map((frame) => `/${pointerToken(frame.at)}`)
    .join('')
    .slice(0, 300)
  return new HttpProblem({ ...problem, errors: [{ pointer, code, detail: problem.detail }] })
}

/** One step of a JSON pointer (RFC 6901), with nothing in it that a log or a page would stumble over. */
export function pointerToken(key: string | number): string {
  return String(key)
    .replaceAll(/\p{Surrogate}|\0/gu, '\uFFFD')
    .replaceAll('~', '~0')
    .replaceAll('/', '~1')
}
