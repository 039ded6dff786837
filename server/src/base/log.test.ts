import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { inspect } from 'node:util'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { createLog, type Log } from './log.ts'
import { Sensitive } from './sensitive.ts'

const PLANTED = 'hunter2-6222020200112233'

function captured(plain = false): {
  log: Log
  text: () => string
  last: () => Record<string, unknown>
} {
  const lines: string[] = []
  const log = createLog({ level: 'debug', plain, write: (line) => lines.push(line) })
  return { log, text: () => lines.join(''), last: () => JSON.parse(lines.at(-1)!) }
}

const cycle: Record<string, unknown> = { password: PLANTED }
cycle.self = cycle

const secrets: [string, object][] = [
  ['a Sensitive', { value: new Sensitive(PLANTED) }],
  ['a Sensitive deep inside', { a: [{ b: new Map([['c', new Sensitive({ d: PLANTED })]]) }] }],
  ['a Sensitive in a set', { a: new Set([new Sensitive(PLANTED)]) }],
  ['a Sensitive as the fields', new Sensitive(PLANTED)],
  ...[
    'password',
    'dbPassword',
    'passwd',
    'secret',
    'clientSecret',
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'token',
    'access_token',
    'apiKey',
    'api_key',
    'private_key',
    'signingKey',
    'key',
    'pin',
    'pan',
    'cvv',
    'track2',
    'idNumber',
    'id_number',
    'phone',
    'mobile',
    'card_number',
    'accountNumber',
    'credentials',
  ].map((name): [string, object] => [`a field ${name}`, { deep: [{ [name]: PLANTED }] }]),
  ['a secret that is an object', { token: { parts: [PLANTED] } }],
  ['a secret that is a number', { pin: 623451 }],
  ['bytes', { body: new TextEncoder().encode(PLANTED) }],
  ['a url', { url: `postgres://tenon:${PLANTED}@db:5432/tenon` }],
  ['a URL', { url: new URL(`https://tenon:${PLANTED}@bank.example/`) }],
  ['a header in a text', { line: `Authorization: Bearer ${PLANTED}` }],
  ["an error's message", { error: new Error(`cannot reach postgres://u:${PLANTED}@db/x`) }],
  ["an error's cause", { error: new Error('x', { cause: { password: PLANTED } }) }],
  [
    "an error's own fields",
    { error: Object.assign(new Error('x'), { config: { auth: PLANTED } }) },
  ],
  [
    'a row quoted by PostgreSQL',
    {
      error: Object.assign(new pg.DatabaseError('dup', 3, 'error'), {
        detail: `Key (id)=(${PLANTED}) exists`,
        where: PLANTED,
      }),
    },
  ],
  ['an object that writes itself', { a: { toJSON: () => ({ password: PLANTED }) } }],
  ['a cycle', cycle],
]

describe.each([
  ['JSON', false],
  ['plain text', true],
])('%s', (_name, plain) => {
  it.each(secrets)('does not show %s', (_what, fields) => {
    const { log, text } = captured(plain)
    log.info(fields, 'message')
    log.child(fields).warn({}, 'message of a child')
    expect(text()).toContain('message of a child')
    expect(text()).not.toContain(PLANTED)
    expect(text()).not.toContain('623451')
  })
})

describe('log', () => {
  it('writes level, time, message and fields', () => {
    const { log, last } = captured()
    log
      .child({ book: 7 })
      .warn({ amount: 5n, at: new Date(0), n: [1, null, true], due_key: 'x' }, 'late')
    expect(last()).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      msg: 'late',
      book: 7,
      amount: '5',
      at: '1970-01-01T00:00:00.000Z',
      n: [1, null, true],
      due_key: 'x',
    })
  })

  it('keeps what helps of an error', () => {
    const { log, last } = captured()
    const cause = Object.assign(new Error('inner'), { code: '23505', constraint: 'payment_pkey' })
    log.error({ error: new Error('outer', { cause }) }, 'failed')
    expect(last().error).toMatchObject({
      type: 'Error',
      message: 'outer',
      stack: expect.stringContaining('log.test.ts'),
      cause: { message: 'inner', code: '23505', constraint: 'payment_pkey' },
    })
  })

  it('shows that a secret was set or not', () => {
    const { log, last } = captured()
    log.info({ password: null, hasToken: true, token: undefined }, 'x')
    expect(last()).toMatchObject({ password: null, hasToken: true })
  })

  it('says nothing below its level', () => {
    const lines: string[] = []
    const log = createLog({ level: 'warn', write: (line) => lines.push(line) })
    log.debug({}, 'a')
    log.info({}, 'b')
    log.error({}, 'c')
    expect(lines).toHaveLength(1)
  })

  it('is readable as plain text', () => {
    const { log, text } = captured(true)
    log.info({ book: 7, why: { a: 1 } }, 'started')
    expect(text()).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}started book=7 why=\{"a":1\}\n$/)
  })
})

describe('Sensitive', () => {
  it('gives its value only when asked', () => {
    const value = new Sensitive(PLANTED)
    const seen = [
      `${value}`,
      String(value),
      JSON.stringify({ value }),
      inspect({ value }, { showHidden: true, depth: 9 }),
    ]
    expect(seen.join()).not.toContain(PLANTED)
    expect(Object.keys(value)).toEqual([])
    expect(value.reveal()).toBe(PLANTED)
  })

  it('does not pass through console.log', () => {
    let text = ''
    const stream = new Writable({
      write: (chunk, _e, done) => {
        text += chunk
        done()
      },
    })
    new Console(stream).log(
      '%s %o %j',
      new Sensitive(PLANTED),
      new Sensitive(PLANTED),
      new Sensitive(PLANTED),
    )
    expect(text).toContain('[redacted]')
    expect(text).not.toContain(PLANTED)
  })
})
