/**
 * The log. One line of JSON per event on stderr; plain text when stderr is a terminal.
 *
 * Nothing secret gets through: a `Sensitive` prints as `[redacted]`, and so does every field whose
 * name says that it holds a password, a key or a person's number, at any depth. The message is plain
 * text and is not searched beyond credentials in URLs: put values into fields, never into messages.
 */
import pino from 'pino'
import { REDACTED, Sensitive } from './sensitive.ts'

/** The shape of the log that modules see. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface LogOptions {
  level?: LogLevel
  /** Where the lines go, each with its line end; stderr when absent. */
  write?: (line: string) => void
  /** Plain text for people instead of JSON; by default when stderr is a terminal. */
  plain?: boolean
}

/** Builds the log. */
export function createLog(options: LogOptions = {}): Log {
  const { level = 'info', write } = options
  const plain = options.plain ?? (write === undefined && process.stderr.isTTY === true)
  const raw = write ?? ((line: string) => void process.stderr.write(line))
  const stream = { write: plain ? (line: string) => raw(asPlainText(line)) : raw }
  const root = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  return wrap(root)
}

function wrap(inner: pino.Logger): Log {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    if (inner.isLevelEnabled(level)) inner[level](cleanFields(fields), cleanText(message))
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(inner.child(cleanFields(fields))),
  }
}

/** Names of fields that hold secrets or a person's numbers, in any of the usual spellings. */
const SECRET_NAME = new RegExp(
  '^(key|pin|pan|cvv2?|cvc2?|track[12]|mobile|phone|dek|kek)$|' +
    'pass(word|wd|phrase|code)?$|secret|authori[sz]ation|cookie|token|credential|' +
    '(api|private|signing|access|master|encryption)_?key|id_?(number|card|no)$|' +
    '(card|account|phone|mobile)_?(number|no)$',
  'i',
)

/** Deep enough for any error or row; past it a cycle or a mistake is at work. */
const DEPTH_MAX = 8

function cleanFields(fields: object): Record<string, unknown> {
  const cleaned = clean(fields, 0)
  return typeof cleaned === 'object' && cleaned !== null && !Array.isArray(cleaned)
    ? (cleaned as Record<string, unknown>)
    : { value: cleaned }
}

/** A copy that holds nothing secret and that JSON can carry. */
function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Sensitive) return REDACTED
  if (depth > DEPTH_MAX) return '[deeper]'
  if (value instanceof Error) return cleanError(value, depth)
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  }
  if (value instanceof URL) return cleanText(value.href)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1))
  if (value instanceof Map) return cleanEntries([...value], depth)
  if (value instanceof Set) return [...value].map((item) => clean(item, depth + 1))
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return clean(value.toJSON(), depth + 1)
  }
  return cleanEntries(Object.entries(value), depth)
}

function cleanEntries(entries: [unknown, unknown][], depth: number): Record<string, unknown> {
  const cleaned: Record<string, unknown> = {}
  for (const [name, item] of entries) {
    const field = String(name)
    const known = item === undefined || item === null || typeof item === 'boolean'
    cleaned[field] = SECRET_NAME.test(field) && !known ? REDACTED : clean(item, depth + 1)
  }
  return cleaned
}

/**
 * Of an error only what helps to find it. PostgreSQL's `detail` and `where` quote the row's values,
 * so they stay out.
 */
function cleanError(error: Error, depth: number): Record<string, unknown> {
  const cleaned: Record<string, unknown> = { type: error.name, message: cleanText(error.message) }
  for (const name of ['code', 'severity', 'schema', 'table', 'column', 'constraint', 'routine']) {
    const field = (error as unknown as Record<string, unknown>)[name]
    if (typeof field === 'string' || typeof field === 'number') cleaned[name] = field
  }
  if (error.stack !== undefined) cleaned.stack = cleanText(error.stack)
  if (error.cause !== undefined) cleaned.cause = clean(error.cause, depth + 1)
  if (error instanceof AggregateError) cleaned.errors = clean(error.errors, depth + 1)
  return cleaned
}

/** Takes credentials out of URLs and authorization headers that ended up in a text. */
export function cleanText(text: string): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]*@/gi, `$1:${REDACTED}@`)
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g, `$1 ${REDACTED}`)
}

/** `10:43:36.123 info  message name=value …`, an error's stack on lines of its own. */
function asPlainText(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const stacks: string[] = []
  const parts = Object.entries(fields).map(([name, value]) => {
    const stack = (value as { stack?: unknown } | null)?.stack
    if (typeof stack !== 'string') {
      return `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`
    }
    stacks.push(stack)
    return `${name}=${JSON.stringify((value as { message?: unknown }).message)}`
  })
  const head = [String(time).slice(11, 23), String(level).padEnd(5), String(msg), ...parts]
  return [head.join(' '), ...stacks].join('\n') + '\n'
}
