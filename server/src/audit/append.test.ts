/** What is added stands in one chain per book, numbered in the order of commits, and stays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applied } from '#base'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { applyEffects } from '../../testing/effects.ts'
import { TEST_START } from '../../testing/world.ts'
import { type AuditEntry, auditEffect, recordChange } from './index.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database?.drop())

export const granted: AuditEntry = {
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
})
