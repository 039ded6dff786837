import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createDueSweeper, type DueSweeper, type PersonalSeal } from '#base'
import type { BookWriter } from '#ledger'
import { type TestLedger, testLedger } from '../../testing/book.ts'
import { createDesk, type Desk } from './desk.ts'
import type { ChannelOwner } from './owner.ts'
import type { ChannelCall, CustodyChannel, Operation } from './port.ts'
import type { Movement, StopGate } from './stop-gate.ts'
import { findInstruction } from './store.ts'

const HOUR = 3_600_000

let test: TestLedger
let writer: BookWriter
let desk: Desk
let sweeper: DueSweeper
/** What reached the bank. */
let sent: string[]
/** What is stopped now. */
let stops: ((movement: Movement) => boolean) | undefined

const gate: StopGate = {
  any: () => stops !== undefined,
  stoppedBy: (movement) =>
    stops?.(movement) === true ? { by: 'anna', why: 'a test', since: 0 } : undefined,
}

beforeAll(async () => {
  test = await testLedger()
  writer = (await test.openBook()).writer
  const { db, clock, log, rng } = test.world
  desk = createDesk({
    ...{ db, clock, log, writer: () => writer, stops: gate, validMs: HOUR },
    seal: {} as PersonalSeal,
    owner: {
      call: async ({ operation }) => ({ operation }) as ChannelCall,
      moved: async () => ({ roots: [] }),
    } as Partial<ChannelOwner> as ChannelOwner,
  })
  desk.attach(writer.book.number, writer.book.orgId, bank())
  sweeper = createDueSweeper({ db, clock, rng, log, handlers: desk.handlers })
})
beforeEach(() => {
  sent = []
  stops = undefined
})
afterAll(() => test.stop())

/** A bank that does what it is told at once. */
const bank = () =>
  ({
    name: 'test-bank',
    timing: { sendWithinMs: 5_000, timeoutMs: 10_000, askAfterMs: [1_000] },
    reference: (_: number, id: string) => id.slice(-22),
    perform: async (_: ChannelCall, { reference }: { reference: string }) => {
      sent.push(reference)
      return { result: 'succeeded', code: 'OK', message: '' }
    },
  }) as unknown as CustodyChannel

async function intend(operation: Operation): Promise<string> {
  const id = test.world.ids.uuid()
  const { number: book, orgId } = writer.book
  const effects = desk.intend(book, {
    ...{ orgId, id, operation, owner: `case_${book}_${id}`, step: id, amount: 5n },
  })
  const done = await writer.submit({ roots: [id], effects })
  if (done.status !== 'committed') throw new Error(done.status)
  return id
}

const stateOf = async (id: string) =>
  (await findInstruction(test.world.db, writer.book.number, { id }))?.state
const pass = (ms: number) => sweeper.sweepUntil(test.world.clock.now() + ms)

it('pays nothing out while it is paused, and once when it was resumed', async () => {
  stops = ({ direction, channel }) => direction === 'pay' && channel === 'test-bank'
  const ids = [await intend('withdraw'), await intend('pay')]
  await pass(120_000)
  expect(sent).toEqual([])
  expect(await Promise.all(ids.map(stateOf))).toEqual(['intended', 'intended'])
  stops = undefined
  await pass(120_000)
  expect([...sent].sort()).toEqual(ids.map((id) => id.slice(-22)).sort())
  expect(await Promise.all(ids.map(stateOf))).toEqual(['succeeded', 'succeeded'])
})

it('goes on freezing at the bank: what protects money is never stopped', async () => {
  stops = () => true
  const id = await intend('freeze')
  await pass(0)
  expect(sent).toEqual([id.slice(-22)])
})

it('is put back when it was paused while it was marked, and sent once', async () => {
  let asks = 0
  stops = () => {
    asks += 1
    return asks > 1
  }
  const id = await intend('withdraw')
  await pass(0)
  expect(asks).toBe(2)
  expect([await stateOf(id), sent]).toEqual(['intended', []])
  stops = undefined
  await pass(120_000)
  expect([await stateOf(id), sent]).toEqual(['succeeded', [id.slice(-22)]])
})

it('is never sent when its time is over before the resume', async () => {
  stops = () => true
  const id = await intend('withdraw')
  await pass(2 * HOUR)
  stops = undefined
  await pass(HOUR)
  expect([await stateOf(id), sent]).toEqual(['failed', []])
})
