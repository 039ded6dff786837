import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { applyEffects, StaleEffect } from '../../testing/effects.ts'
import { findAnswer, storeAnswer } from './answer.ts'
import { applied, type StoredAnswer } from './effect.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

const AT = Date.UTC(2026, 2, 2)
const answer = (digit: string, body: unknown, orgId?: number): StoredAnswer => ({
  keyHash: digit.repeat(64),
  requestHash: 'f'.repeat(64),
  status: 201,
  body,
  ...(orgId !== undefined && { orgId }),
})
const store = (book: number, ...answers: StoredAnswer[]) =>
  applyEffects(
    database.db,
    { book, now: AT },
    answers.map((row) => applied(storeAnswer, row)),
  )

describe('stored answers', () => {
  it('are found as they were stored, each in its book', async () => {
    const bodies = [{ amount: '5', nested: [null, 1, 'ö"\\'] }, ['a'], 'text', null, 0]
    await store(1, ...bodies.map((body, i) => answer(`${i}`, body, i)))
    for (const [i, body] of bodies.entries()) {
      expect(await findAnswer(database.db, 1, `${i}`.repeat(64))).toEqual({
        ...answer(`${i}`, body, i),
        at: AT,
      })
    }
    expect(await findAnswer(database.db, 2, '0'.repeat(64))).toBeUndefined()
    expect(await findAnswer(database.db, 1, '9'.repeat(64))).toBeUndefined()
  })

  it('are stored once for a key: the second is stale, and its batch with it', async () => {
    await store(3, answer('a', 'first'))
    const again = store(3, answer('b', 'other'), answer('a', 'second'))
    await expect(again).rejects.toThrow(StaleEffect)
    expect(await findAnswer(database.db, 3, 'a'.repeat(64))).toMatchObject({ body: 'first' })
    expect(await findAnswer(database.db, 3, 'b'.repeat(64))).toBeUndefined()
    await store(4, answer('a', 'another book'))
  })

  it('are kept by one of two that race', async () => {
    const racing = [1, 2, 3, 4].map((n) => store(5, answer('c', n)))
    const done = await Promise.allSettled(racing)
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('must be hashes', async () => {
    await expect(store(6, { ...answer('a', 1), keyHash: 'ab' })).rejects.toMatchObject({
      code: '23514',
    })
  })
})
