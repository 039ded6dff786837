/** What is added stands in one chain per book, numbered in the order of commits, and stays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applied, type Personal, personal, Sensitive } from '#base'
import { move, testLedger } from '../../testing/book.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { applyEffects } from '../../testing/effects.ts'
import { TEST_START } from '../../testing/world.ts'
import { type AuditEntry, auditEffect, recordChange, verifyAudit } from './index.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database?.drop())

const granted: AuditEntry = {
  orgId: 1,
  actor: { kind: 'user', id: 'usr_0_a', person: 'per_0_a' },
  from: '192.0.2.7',
  action: 'identity.grant_role',
  object: 'usr_0_b',
  before: { roles: ['viewer'] },
  after: { roles: ['viewer', '审批'] },
  requestId: 'req_1',
}

const rowsOf = (book: number) =>
  database.db.query<{ seq: bigint; object: string; hash: Buffer; prev_hash: Buffer }>(
    'select * from audit.entry where book_id = $1 order by seq',
    [book],
  )

describe('recordChange', () => {
  it('adds entries and events of one tx under the number of the last entry', async () => {
    const { db } = database
    const event = { kind: 'identity.role_granted', aggregate: 'usr_0_b', payload: { n: 1 } }
    await db.tx((tx) =>
      recordChange(tx, TEST_START, { entries: [granted, granted], events: [event, event] }),
    )
    const [first, second] = await rowsOf(0)
    expect(first).toMatchObject({ seq: 1n, before: '{"roles":["viewer"]}', approval: null })
    expect(second!.prev_hash).toEqual(first!.hash)
    expect(await db.query('select seq, n from base.outbox where book_id = 0')).toEqual([
      { seq: 2n, n: 0 },
      { seq: 2n, n: 1 },
    ])
  })
})

describe('auditEffect', () => {
  it('adds the entries of a command to the chain of its book', async () => {
    const at = { book: 7, now: TEST_START }
    await applyEffects(database.db, at, [
      applied(auditEffect, granted),
      applied(auditEffect, granted),
    ])
    expect((await rowsOf(7)).map(({ seq }) => seq)).toEqual([1n, 2n])
  })

  it('goes with its command through the book writer: all or nothing, and nobody else', async () => {
    const test = await testLedger()
    const { number, writer, till } = await test.openBook()
    const tills = await Promise.all([till(), till(), till(), till()])
    const because = (object: string, after: unknown) =>
      applied(auditEffect, { ...granted, object, after })
    const results = await Promise.allSettled([
      writer.submit({
        roots: [tills[0]!],
        effects: [move(tills[0]!, 'open', 'paid'), because('till_1', 1), because('till_1', 2)],
      }),
      writer.submit({
        roots: [tills[1]!],
        effects: [move(tills[1]!, 'closed', 'paid'), because('till_2', 'stale')],
      }),
      writer.submit({
        roots: [tills[2]!],
        effects: [move(tills[2]!, 'open', 'paid'), because('till_3', new Sensitive('key'))],
      }),
      writer.submit({
        roots: [tills[3]!],
        effects: [move(tills[3]!, 'open', 'paid'), because('till_4', 4)],
      }),
    ])
    const rows = await test.database.db.query<{ object: string; after: string }>(
      'select object, after from audit.entry where book_id = $1 order by seq',
      [number],
    )
    expect(
      results.map((each) => (each.status === 'fulfilled' ? each.value.status : 'failed')),
    ).toEqual(['committed', 'stale', 'failed', 'committed'])
    expect(rows.map(({ object, after }) => [object, after])).toEqual([
      ['till_1', '1'],
      ['till_1', '2'],
      ['till_4', '4'],
    ])
    expect((await verifyAudit(test.database.db, { journals: [], keys: [] })).findings).toEqual([])
    await test.stop()
  })
})

describe('an entry', () => {
  const name = personal('name', '张小明') as Personal
  it.each([
    ['a name', { after: { name } }, 'holds personal data or a secret'],
    ['a secret in a list', { before: [{ key: new Sensitive('x') }] }, 'holds personal data'],
    ['a bigint', { after: { amount: 5n } }, 'holds a bigint'],
    ['a function', { after: { work: () => 1 } }, 'holds a function'],
    ['no object', { object: '' }, 'names no object'],
    ['an action that is none', { action: 'Grant role' }, 'is no action'],
    ['a NUL', { object: 'usr\0' }, 'holds a NUL'],
    ['too long an address', { from: 'x'.repeat(501) }, 'too long'],
    ['too large a change', { after: 'x'.repeat(300_000) }, 'too large'],
  ])('with %s is refused, and the change with it', async (_, more, says) => {
    const before = (await rowsOf(0)).length
    const entries = [granted, { ...granted, ...more } as AuditEntry]
    const change = database.db.tx((tx) => recordChange(tx, TEST_START, { entries }))
    await expect(change).rejects.toThrow(says)
    expect(await rowsOf(0)).toHaveLength(before)
  })

  it('is at least one', async () => {
    const change = database.db.tx((tx) => recordChange(tx, TEST_START, { entries: [] }))
    await expect(change).rejects.toThrow('at least one audit entry')
  })
})
