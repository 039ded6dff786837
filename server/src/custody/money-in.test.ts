/** Money that comes in: told by three ways, told differently, of nobody we know, and still owed by a channel. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Inbound, listInbound } from '#channels'
import {
  leave,
  open,
  type Place,
  pay,
  payAll,
  payOverRails,
  place,
  railKeys,
  resting,
  TO_NEXT_MORNING_MS,
  view,
} from '../../testing/custody.ts'

describe('money that comes in', () => {
  let at: Place
  beforeAll(async () => {
    at = await place()
  })
  afterAll(() => leave(at))

  test('is booked once, though told fifty times at once by three ways', async () => {
    const id = await open(at)
    await resting(at, id)
    const { stage, world } = at
    const { subAccount } = (await view(at, id)).parties.find(({ role }) => role === 'buyer')!
    const inbound: Inbound = {
      flow: '2026030299999999',
      subAccount,
      amount: 20_000_000n,
      currency: 'CNY',
      kind: 'credited',
      memo: '',
      date: '20260302',
    }
    const ways = ['notice', 'list', 'file'] as const
    const told = Array.from({ length: 50 }, (_, i) =>
      stage.custody.desk.recordInbound(stage.book, inbound, ways[i % 3]!),
    )
    const taken = await Promise.all(told)
    expect(taken.filter((each) => each === 'booked')).toHaveLength(1)
    expect(taken.filter((each) => each === 'known')).toHaveLength(49)
    const found = await listInbound(world.db, { book: stage.book, channel: 'custody-bank' })
    expect(found.filter(({ flow }) => flow === inbound.flow)).toHaveLength(1)
    const { steps } = await view(at, id)
    expect(steps.find(({ kind }) => kind === 'collect')).toMatchObject({
      state: 'done',
      received: 20_000_000n,
    })
  })

  test('told with another amount the second time is not booked again, and is named', async () => {
    const { stage } = at
    const [known] = await listInbound(at.world.db, { book: stage.book, channel: 'custody-bank' })
    const { flow, subAccount, date } = known!
    const other = {
      flow,
      subAccount,
      date,
      amount: 20_000_001n,
      currency: 'CNY',
      kind: 'credited',
      memo: '',
    } as const
    expect(await stage.custody.desk.recordInbound(stage.book, other, 'list')).toBe('differs')
    expect(await stage.custody.desk.recordInbound(stage.book, other, 'list')).toBe('differs')
    const items = await stage.custody.openItems(stage.book)
    expect(items.filter(({ kind }) => kind === 'inbound_told_differently')).toMatchObject([
      { amount: 1n, side: 'bank', reference: flow },
    ])
  })

  test('told by a notice with an amount nobody waits for is held until the bank’s list agrees', async () => {
    const id = await open(at)
    await resting(at, id)
    const { stage } = at
    const { payTo } = (await view(at, id)).parties.find(({ role }) => role === 'buyer')!
    await pay(at, payTo, 19_999_900n)
    const channel = 'custody-bank'
    const told = await listInbound(at.world.db, { book: stage.book, channel })
    const held = told.find(({ state }) => state === 'held')
    expect(held).toMatchObject({ amount: 19_999_900n })
    await stage.sweeper.sweepNow()
    const listed = await listInbound(at.world.db, { book: stage.book, channel: 'custody-bank' })
    expect(listed.find(({ flow }) => flow === held!.flow)).toMatchObject({ state: 'booked' })
    const short = (await stage.custody.openItems(stage.book)).find(
      ({ kind }) => kind === 'under_paid',
    )
    expect(short).toMatchObject({ amount: 100n, reference: held!.flow })
    await payAll(at, id)
    const left = await stage.custody.openItems(stage.book)
    expect(left.some(({ kind }) => kind === 'under_paid')).toBe(false)
  })

  test('and belongs to nobody we know lies in suspense with an open item', async () => {
    const { stage } = at
    await pay(at, '15000100000001', 123_456n)
    const items = await stage.custody.openItems(stage.book)
    const item = items.find(({ kind }) => kind === 'suspense_inbound')
    expect(item).toMatchObject({ amount: 123_456n, owner: 'operations' })
    const suspense = stage.ledger.writer(stage.book).accountByCode('2241.06')!
    expect(await stage.ledger.writer(stage.book).balance(suspense.id)).toMatchObject({
      creditsPosted: 123_456n,
    })
  })
})

describe('money a channel still owes', () => {
  let at: Place
  beforeAll(async () => {
    at = await place({ legs: { keys: railKeys } })
  })
  afterAll(() => leave(at))

  test('is the payer’s, and not under guarantee before it is at the bank', async () => {
    const id = await open(at)
    await resting(at, id)
    const paid = await payOverRails(at, id)
    const now = await view(at, id)
    const account = now.accounts.find(({ name }) => name === 'buyer_paid')!.ledgerAccount
    const writer = at.stage.ledger.writer(at.stage.book)
    expect((await writer.balance(account))!.creditsPosted).toBe(paid)
    expect(now.steps.find(({ kind }) => kind === 'collect')).toMatchObject({
      state: 'awaiting',
      received: 0n,
    })
    expect(now.steps.some(({ kind, state }) => kind === 'freeze' && state !== 'planned')).toBe(
      false,
    )
    // The bank has nothing of it yet, and that is no difference: its file is there before the rails pay.
    const today = at.stage.custody.desk.channel(at.stage.book).businessDate(at.world.clock.now())
    await at.stage.pace.pass(TO_NEXT_MORNING_MS)
    const { balances, differences } = await at.stage.custody.prove(at.stage.book, [today])
    const { subAccount } = now.parties.find(({ role }) => role === 'buyer')!
    expect(balances).toContainEqual({ subAccount, ours: 0n, bank: 0n })
    expect(differences).toEqual([])
    await at.stage.pace.until(async () =>
      (await view(at, id)).steps.some(({ kind, state }) => kind === 'freeze' && state === 'done'),
    )
    const after = await view(at, id)
    expect(after.steps.find(({ kind }) => kind === 'collect')).toMatchObject({
      state: 'done',
      received: paid,
    })
    expect((await writer.balance(account))!.creditsPosted).toBe(paid)
  })
})
