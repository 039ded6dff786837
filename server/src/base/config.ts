/**
 * Configuration from the environment, by a table of settings. Whoever needs settings writes a table;
 * `main.ts` joins the tables and reads them once.
 *
 * All mistakes are reported together, and a name that starts with `TENON_` and is in no table is one
 * of them: a misspelt setting that is silently ignored is the mistake one would not find.
 */
import type { LogLevel } from './log.ts'
import { Sensitive } from './sensitive.ts'

/** Reads a setting's text, or throws an Error whose message completes "NAME must be …". */
export type SettingParser<T> = (text: string) => T

export interface Setting<T> {
  /** The variable, `TENON_…` or a name the whole world uses such as `DATABASE_URL`. */
  readonly name: string
  readonly parse: SettingParser<T>
  /** The text that stands when the variable is absent; without it the setting must be given. */
  readonly default?: string
  /** Absent is allowed and reads as `undefined`. */
  readonly optional?: boolean
  /** Printed masked; wrap the value with `secret` as well, so that it cannot be logged. */
  readonly secret?: boolean
  /** One sentence for the reference. */
  readonly says: string
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds settings of every type.
export type SettingsTable = Readonly<Record<string, Setting<any>>>

export type Config<T extends SettingsTable> = {
  readonly [K in keyof T]: T[K] extends { optional: true }
    ? ReturnType<T[K]['parse']> | undefined
    : ReturnType<T[K]['parse']>
}

type Environment = Readonly<Record<string, string | undefined>>

/** The configuration is wrong; `problems` has one sentence for each mistake. */
export class ConfigRefused extends Error {
  override name = 'ConfigRefused'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} mistakes:\n- ${problems.join('\n- ')}`)
    this.problems = problems
  }
}

/** Reads every setting of the table from `env`, or throws `ConfigRefused` with all mistakes. */
export function readConfig<const T extends SettingsTable>(table: T, env: Environment): Config<T> {
  const problems: string[] = []
  const config: Record<string, unknown> = {}
  for (const [field, setting] of Object.entries(table)) {
    // An empty variable is an absent one: shells and compose files leave them behind.
    const given = env[setting.name]
    const text = given === undefined || given === '' ? setting.default : given
    if (text === undefined) {
      if (setting.optional !== true) problems.push(`${setting.name} must be set: ${setting.says}`)
      continue
    }
    try {
      config[field] = setting.parse(text)
    } catch (error) {
      const shown = setting.secret === true ? 'its value' : JSON.stringify(text)
      problems.push(`${setting.name} must be ${(error as Error).message}; ${shown} is not.`)
    }
  }
  const names = Object.values(table).map((setting) => setting.name)
  for (const name of Object.keys(env)
    .filter((each) => each.startsWith('TENON_'))
    .sort()) {
    if (!names.includes(name)) problems.push(unknownName(name, names))
  }
  if (problems.length > 0) throw new ConfigRefused(problems)
  return config as Config<T>
}

/** What the server starts with, a line per setting, secrets masked, for the first lines of the log. */
export function printConfig(table: SettingsTable, env: Environment): string[] {
  return Object.values(table).map((setting) => {
    const given = env[setting.name]
    const isGiven = given !== undefined && given !== ''
    const text = isGiven ? given : setting.default
    const shown = text === undefined ? '(not set)' : setting.secret === true ? '***' : text
    return `${setting.name}=${shown}${isGiven ? '' : ' (default)'}`
  })
}

/** The reference page `docs/reference/config.md`. */
export function configReference(table: SettingsTable): string {
  const rows = Object.values(table)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, says, secret, optional, ...setting }) => {
      const initial = setting.default === undefined ? undefined : `\`${setting.default}\``
      const shown = initial ?? (optional === true ? 'none' : 'must be set')
      const sentence = says.replaceAll('|', '\\|') + (secret === true ? ' Secret.' : '')
      return `| \`${name}\` | ${shown} | ${sentence} |`
    })
  return [
    '# Configuration',
    '',
    'Generated from the tables of settings. Tenon reads them from the environment once, at start, and',
    'refuses to start on a wrong value or on a `TENON_` name that is not listed here.',
    '',
    '| Variable | Default | What it does |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** Any text that is not empty. */
export const text: SettingParser<string> = (value) => value

/** A whole number within bounds, both included. */
export function wholeNumber(min: number, max: number): SettingParser<number> {
  return (value) => {
    const number = Number(value)
    if (/^-?\d{1,15}$/.test(value) && number >= min && number <= max) return number
    throw new Error(`a whole number from ${min} to ${max}`)
  }
}

/** `true` or `false`. */
export const yesOrNo: SettingParser<boolean> = (value) => {
  if (value === 'true' || value === 'false') return value === 'true'
  throw new Error('true or false')
}

/** One of the words. */
export function oneOf<const W extends string>(...words: W[]): SettingParser<W> {
  return (value) => {
    const word = words.find((each) => each === value)
    if (word === undefined) throw new Error(`one of ${words.join(', ')}`)
    return word
  }
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A time span such as `250ms`, `30s`, `5min`, `12h` or `7d`, in milliseconds. */
export const timeSpan: SettingParser<number> = (value) => {
  const match = /^(\d{1,9})(ms|s|min|h|d)$/.exec(value)
  if (match === null) throw new Error('a time span such as 250ms, 30s, 5min, 12h or 7d')
  return Number(match[1]) * UNIT_MS[match[2]!]!
}

/** A URL with one of the schemes, kept as text. */
export function address(...schemes: string[]): SettingParser<string> {
  return (value) => {
    const scheme = URL.canParse(value) ? new URL(value).protocol.slice(0, -1) : ''
    if (!schemes.includes(scheme)) throw new Error(`a URL that starts with ${schemes[0]}://`)
    return value
  }
}

/** The value of another parser, wrapped so that it cannot be logged by accident. */
export function secret<T>(parse: SettingParser<T>): SettingParser<Sensitive<T>> {
  return (value) => new Sensitive(parse(value))
}

/** The settings of `base` itself. */
export const baseSettings = {
  databaseUrl: {
    name: 'DATABASE_URL',
    parse: secret(address('postgres', 'postgresql')),
    optional: true,
    secret: true,
    says: 'The PostgreSQL (15 or later) to use; without it Tenon starts one of its own.',
  },
  databaseConnections: {
    name: 'TENON_DATABASE_CONNECTIONS',
    parse: wholeNumber(1, 500),
    default: '10',
    says: 'Most connections in the pool; book writers hold further ones of their own.',
  },
  dataFolder: {
    name: 'TENON_DATA',
    parse: text,
    optional: true,
    says: 'The folder of the database Tenon starts itself; by default one of this checkout, outside of it.',
  },
  postgresPort: {
    name: 'TENON_PG_PORT',
    parse: wholeNumber(1, 65_535),
    optional: true,
    says: 'The port of the database Tenon starts itself; by default a free one that is kept.',
  },
  port: {
    name: 'TENON_PORT',
    parse: wholeNumber(0, 65_535),
    default: '4000',
    says: 'The port of the HTTP API on 127.0.0.1; 0 takes a free one.',
  },
  keysFolder: {
    name: 'TENON_KEYS',
    parse: text,
    optional: true,
    says: 'The folder of the keys kept outside the database; by default `keys` in the data folder, or beside it when DATABASE_URL is given.',
  },
  logLevel: {
    name: 'TENON_LOG_LEVEL',
    parse: oneOf<LogLevel>('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    says: 'The least urgent messages that are logged.',
  },
  shutdownMs: {
    name: 'TENON_SHUTDOWN_TIMEOUT',
    parse: timeSpan,
    default: '25s',
    says: 'How long a stopping server may take to finish its work before it is ended.',
  },
} as const satisfies SettingsTable

function unknownName(name: string, names: readonly string[]): string {
  const near = names
    .map((known) => ({ known, edits: editDistance(name, known) }))
    .sort((a, b) => a.edits - b.edits)[0]
  const hint = near !== undefined && near.edits <= 3 ? ` Did you mean ${near.known}?` : ''
  return `${name} is not a setting of Tenon.${hint}`
}

/** Levenshtein's: how many letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
