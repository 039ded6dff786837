/** Refusals that no other test meets: late deciders, things that are not there, plans that moved. */
import { afterEach, expect, it } from 'vitest'
import { applied, doneDue, publicId, type Uuid } from '#base'
import { testPayments } from '../../testing/payments.ts'
import { listExceptions } from './exception-store.ts'
import { type ExceptionKind, raise } from './exceptions.ts'
import { resolve } from './resolve-exception.ts'
import { bankLine } from './testing/outflow-rail.ts'
import { type OutflowWorld, outflowWorld, PAYEE } from './testing/outflows.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function world(): Promise<OutflowWorld> {
  const on = await outflowWorld()
  stops.push(() => on.stop())
  await on.fund(100_00n)
  return on
}

const orderOf = (on: OutflowWorld, id: Uuid, approval: boolean) => ({
  ...{ id, requestHash: id, source: on.owner, amount: 40_00n, payee: PAYEE, memo: 'commission' },
  ...{ requestedBy: 'anna', approval },
})

const openOf = async (on: OutflowWorld, kind: ExceptionKind) =>
  (await listExceptions(on.context.db, { book: on.pool, state: 'open' })).find(
    (each) => each.kind === kind,
  )!.id

it('knows no payout and no refund that is not there', async () => {
  const on = await world()
  const none = on.world.ids.uuid()
  const { payouts } = on.flows
  expect(await payouts.approve(on.pool, none, 'bert')).toEqual({ refused: 'payout_not_found' })
  expect(await payouts.cancel(on.pool, none, 'bert')).toEqual({ refused: 'payout_not_found' })
  expect(await on.flows.findRefund(on.pool, none)).toEqual({ refused: 'refund_not_found' })
  expect(await on.flows.approveRefund(on.pool, none, 'bert')).toEqual({
    refused: 'refund_not_found',
  })
})

it('has nothing to approve of a refund that goes its way', async () => {
  const on = await world()
  const paid = await on.collected(40_00n)
  const id = on.world.ids.uuid()
  await on.flows.refund(on.pool, {
    ...{ id, requestHash: id, amount: 40_00n, reason: 'called off', requestedBy: 'anna' },
    ...{ collections: [paid.id], source: on.owner },
  })
  expect(await on.flows.approveRefund(on.pool, id, 'bert')).toEqual({
    refused: 'refund_not_waiting',
  })
})

it('lets nobody approve a payout whose time is over, swept or not', async () => {
  const on = await world()
  const id = on.world.ids.uuid()
  await on.flows.payouts.create(on.pool, orderOf(on, id, true))
  await on.world.clock.advanceTo(on.world.clock.now() + 30 * 86_400_000)
  expect(await on.flows.payouts.approve(on.pool, id, 'bert')).toEqual({
    refused: 'payout_expired',
  })
})

it('gives back to its source only what came back to suspense', async () => {
  const on = await world()
  const id = on.world.ids.uuid()
  await on.flows.payouts.create(on.pool, orderOf(on, id, false))
  await on.settle()
  const { reference } = [...on.rails.b.orders.values()].at(-1)!
  await on.flows.takeReturn(on.pool, 'b', {
    ...{ flow: 'back-1', reference, amount: 40_00n, currency: 'CNY' },
    ...{ code: 'R01', says: 'closed', date: '20260304' },
  })
  const exception = await openOf(on, 'payout_returned')
  const decided = { action: 'refund', note: 'to its source', by: 'bert' }
  expect(await resolve(on.context, { book: on.pool, id: exception }, decided)).toEqual({
    refused: 'already_at_source',
  })
})

it('recovers nothing that is not booked yet', async () => {
  const on = await world()
  // All cash is reserved for a payout whose end nobody knows.
  on.rails.b.next.push('lost_reply')
  const id = on.world.ids.uuid()
  await on.flows.payouts.create(on.pool, { ...orderOf(on, id, false), amount: 100_00n })
  const line = bankLine({ flow: 'court-1', side: 'out', amount: 10_00n, kind: 'court_deduction' })
  await on.flows.takeBankLines(on.pool, 'b', [line])
  const exception = await openOf(on, 'court_deduction')
  const decided = { action: 'recover', note: 'ours', by: 'bert' }
  expect(await resolve(on.context, { book: on.pool, id: exception }, decided)).toEqual({
    refused: 'entry_not_booked',
  })
})

it('carries out no action of a part this server has not got', async () => {
  const on = await testPayments()
  stops.push(() => on.stop())
  const now = on.world.clock.now()
  const about = publicId('pout', on.book, on.world.ids.uuid())
  const raised = { orgId: 1, kind: 'payout_returned', about, amount: 1n, evidence: {} } as const
  const effects = raise({ now, id: on.world.ids.uuid() }, raised)
  await on.ledger.writer(on.book).submit({ roots: [about], effects })
  const [open] = await listExceptions(on.database.db, { book: on.book, state: 'open' })
  const decided = { action: 'retry', note: 'again', by: 'bert' }
  expect(await on.payments.resolveException({ book: on.book, id: open!.id }, decided)).toEqual({
    refused: 'action_not_available',
  })
})

it('opens no pay-in when what it was to be opened with has moved', async () => {
  const on = await testPayments()
  stops.push(() => on.stop())
  const gone = applied(doneDue, { kind: 'test.none', key: 'none', attempts: 1 })
  expect(await on.payments.openPayIn(on.wanted('moved', { also: [gone] }))).toEqual({
    refused: 'plan_moved',
  })
})
