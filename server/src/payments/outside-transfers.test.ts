import { expect, it } from 'vitest'
import { matchTransfer, transferCode } from '#channels'
import { listExceptions } from './exception-store.ts'
import { createOutflows } from './outflows.ts'
import { transfersOf } from './outside-transfers.ts'
import { bankLine } from './testing/outflow-rail.ts'
import { outflowWorld } from './testing/outflows.ts'

it('takes a line for the one order it pays in full, by the code in its memo', async () => {
  const on = await outflowWorld()
  try {
    const order = await on.collected(70_00n)
    await on.context.db.query(
      `update payments.attempt set method = 'bank_transfer', state = 'accepted', booked_to = ''
       where book_id = $1 and id = $2`,
      [on.pool, order.id],
    )
    const match = transfersOf(on.context, 'a', matchTransfer)
    const memo = `deal ${transferCode(order.reference)}`
    const line = bankLine({ flow: 'f1', side: 'in', amount: 70_00n, memo })
    expect(await match(on.pool, line)).toMatchObject({
      attempt: { id: order.id },
      outcome: { result: 'succeeded', amount: 70_00n, bankReference: 'f1' },
    })
    expect(await match(on.pool, { ...line, amount: 69_99n })).toBeUndefined()
    expect(await match(on.pool, { ...line, memo: 'deal' })).toBeUndefined()
  } finally {
    await on.stop()
  }
})

it('takes the line that has paid an order, and was not noted, for that order again', async () => {
  const on = await outflowWorld()
  try {
    const order = await on.collected(70_00n)
    await on.context.db.query(
      `update payments.attempt set method = 'bank_transfer', channel_reference = 'f1'
       where book_id = $1 and id = $2`,
      [on.pool, order.id],
    )
    const match = transfersOf(on.context, 'a', matchTransfer)
    const flows = createOutflows(on.context, { places: NO_PLACES, matchTransfer: match })
    const memo = `deal ${transferCode(order.reference)}`
    const line = bankLine({ flow: 'f1', side: 'in', amount: 70_00n, memo })
    await flows.takeBankLines(on.pool, 'b', [line, line])
    expect(await on.transit(on.pool, 'a')).toBe(0n)
    expect(await on.balance(on.pool, on.cash)).toBe(70_00n)
    await flows.takeBankLines(on.pool, 'b', [{ ...line, flow: 'f2' }])
    expect(await on.transit(on.pool, 'a')).toBe(0n)
    expect(await listExceptions(on.context.db, { book: on.pool, state: 'open' })).toMatchObject([
      { kind: 'unknown_credit', about: 'f2' },
    ])
  } finally {
    await on.stop()
  }
})

const NO_PLACES = {
  ownBook: () => undefined,
  channelBook: () => undefined,
  channelAccount: () => undefined,
}
