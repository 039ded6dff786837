import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLog, derivedUuid, type PersonalSeal } from '#base'
import { type BookWriter, post, type TransferRequest } from '#ledger'
import { type TestLedger, testLedger } from '../../testing/book.ts'
import { createContext, type DeskContext } from './context.ts'
import type { ChannelOwner } from './owner.ts'

let test: TestLedger
let writer: BookWriter
let transfers: { accepted: TransferRequest; paid: TransferRequest; other: TransferRequest }
let context: DeskContext

beforeAll(async () => {
  test = await testLedger()
  const book = await test.openBook()
  writer = book.writer
  const one = (name: string, amount: bigint) =>
    post(derivedUuid('test', name), book.cash, book.alice, amount)
  transfers = { accepted: one('accepted', 3n), paid: one('paid', 4n), other: one('paid', 5n) }
  context = createContext({
    db: test.world.db,
    clock: test.world.clock,
    log: createLog({ level: 'silent' }),
    writer: () => writer,
    // Nothing here asks an owner or opens a seal.
    owner: {} as ChannelOwner,
    seal: {} as PersonalSeal,
  })
})
afterAll(() => test.stop())

it('decides again when another command has booked the first half of it since', async () => {
  const { accepted, paid } = transfers
  expect(await writer.submit({ roots: ['a'], transfers: [accepted] })).toMatchObject({
    status: 'committed',
  })
  let decisions = 0
  const moved = await context.command(writer.book.number, async () => {
    decisions += 1
    const wasAccepted = decisions > 1
    return { roots: ['a'], transfers: wasAccepted ? [paid] : [accepted, paid] }
  })
  expect({ moved, decisions }).toEqual({ moved: true, decisions: 2 })
})

it('gives up on a decision that will never fit what is booked', async () => {
  let decisions = 0
  const deciding = context.command(writer.book.number, async () => {
    decisions += 1
    return { roots: ['a'], transfers: [transfers.other] }
  })
  await expect(deciding).rejects.toThrow(/moved \d+ times while a command was decided/)
  expect(decisions).toBeGreaterThan(1)
})
