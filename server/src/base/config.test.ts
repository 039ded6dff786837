import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  address,
  baseSettings,
  ConfigRefused,
  configReference,
  oneOf,
  printConfig,
  readConfig,
  type SettingParser,
  type SettingsTable,
  secret,
  text,
  timeSpan,
  wholeNumber,
  yesOrNo,
} from './config.ts'

const table = {
  port: { name: 'TENON_PORT', parse: wholeNumber(0, 65_535), default: '7070', says: 'The port.' },
  key: { name: 'TENON_KEY', parse: secret(text), secret: true, says: 'The key | of keys.' },
  note: { name: 'TENON_NOTE', parse: text, optional: true, says: 'A note.' },
} as const satisfies SettingsTable

const problems = (env: Record<string, string>, of: SettingsTable = table) => {
  try {
    readConfig(of, env)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigRefused)
    return [...(error as ConfigRefused).problems]
  }
}

describe('reading', () => {
  it('gives typed values, defaults, and undefined for what is optional', () => {
    const config = readConfig(table, { TENON_KEY: 'k', TENON_PORT: '', PATH: '/bin' })
    const port: number = config.port
    const note: string | undefined = config.note
    expect([port, note, config.key.reveal()]).toEqual([7070, undefined, 'k'])
  })

  it('reports every mistake at once', () => {
    expect(problems({ TENON_PORT: '70000', TENON_PROT: '1', TENON_WIDGETS: 'x' })).toEqual([
      'TENON_PORT must be a whole number from 0 to 65535; "70000" is not.',
      'TENON_KEY must be set: The key | of keys.',
      'TENON_PROT is not a setting of Tenon. Did you mean TENON_PORT?',
      'TENON_WIDGETS is not a setting of Tenon.',
    ])
  })

  it('does not quote a secret that is wrong', () => {
    const found = problems({ DATABASE_URL: 'mysql://u:hunter2@h/db' }, baseSettings)
    expect(found).toEqual([
      'DATABASE_URL must be a URL that starts with postgres://; its value is not.',
    ])
  })
})

describe('parsers', () => {
  const cases: [string, SettingParser<unknown>, string, unknown][] = [
    ['wholeNumber', wholeNumber(-5, 5), '-5', -5],
    ['wholeNumber', wholeNumber(0, 5), '05', 5],
    ['yesOrNo', yesOrNo, 'false', false],
    ['oneOf', oneOf('a', 'b'), 'b', 'b'],
    ['timeSpan', timeSpan, '250ms', 250],
    ['timeSpan', timeSpan, '5min', 300_000],
    ['timeSpan', timeSpan, '7d', 604_800_000],
    ['address', address('http', 'https'), 'https://bank.example/x', 'https://bank.example/x'],
  ]
  it.each(cases)('%s %# takes what fits', (_name, parse, value, expected) => {
    expect(parse(value)).toBe(expected)
  })

  it.each([
    ['wholeNumber', wholeNumber(0, 5), '6'],
    ['wholeNumber', wholeNumber(0, 5), '1.0'],
    ['wholeNumber', wholeNumber(0, 5), '1e0'],
    ['wholeNumber', wholeNumber(0, 5), ' 1'],
    ['wholeNumber', wholeNumber(0, 5), '０'],
    ['yesOrNo', yesOrNo, 'yes'],
    ['oneOf', oneOf('a', 'b'), 'A'],
    ['timeSpan', timeSpan, '5'],
    ['timeSpan', timeSpan, '5 s'],
    ['address', address('https'), 'http://bank.example'],
    ['address', address('https'), 'bank.example'],
  ] as [string, SettingParser<unknown>, string][])(
    '%s %# refuses what does not',
    (_n, parse, value) => {
      expect(() => parse(value)).toThrow()
    },
  )
})

describe('printing', () => {
  const env = { TENON_KEY: 'hunter2', TENON_NOTE: 'hello' }

  it('masks secrets and marks defaults', () => {
    expect(printConfig(table, env)).toEqual([
      'TENON_PORT=7070 (default)',
      'TENON_KEY=***',
      'TENON_NOTE=hello',
    ])
  })

  it('does not give a secret away however the config is printed', () => {
    const config = readConfig(table, env)
    expect(`${config.key} ${JSON.stringify(config)} ${inspect(config)}`).not.toContain('hunter2')
  })
})

it('makes the reference page', () => {
  expect(configReference(table)).toMatchInlineSnapshot(`
    "# Configuration

    Generated from the tables of settings. Tenon reads them from the environment once, at start, and
    refuses to start on a wrong value or on a \`TENON_\` name that is not listed here.

    | Variable | Default | What it does |
    |---|---|---|
    | \`TENON_KEY\` | must be set | The key \\| of keys. Secret. |
    | \`TENON_NOTE\` | none | A note. |
    | \`TENON_PORT\` | \`7070\` | The port. |
    "
  `)
})

it('has its own settings in order', () => {
  const config = readConfig(baseSettings, {})
  expect(config).toEqual({
    databaseConnections: 10,
    logLevel: 'info',
    port: 4000,
    shutdownMs: 25_000,
  })
})
