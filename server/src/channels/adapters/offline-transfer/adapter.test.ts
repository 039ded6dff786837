/** What a payer is told, against a slip written by hand. */
import { expect, test } from 'vitest'
import type { CollectOrder } from '../../payment-channel.ts'
import { offlineTransfer } from './adapter.ts'

const order: CollectOrder = {
  reference: 'T000007ABCDEFGHIJKLMNOPQ',
  at: 0,
  amount: 228_000_000n,
  currency: 'CNY',
  method: 'bank_transfer',
  subject: '首付余款',
  expiresAt: 86_400_000,
}
const account = {
  name: '客户资金专户',
  number: '15000100000001',
  bank: '平安银行深圳分行',
  cnaps: '307584007998',
}
const world = { clock: { mono: () => 0 } }
const slipOf = async (channel: ReturnType<typeof offlineTransfer>) => {
  const outcome = await channel.collect!(order, { sendBeforeMono: 1 })
  return JSON.parse((outcome as { payerAction: { value: string } }).payerAction.value) as unknown
}

test('the slip names account, bank, amount and code', async () => {
  expect(await slipOf(offlineTransfer({ account }, world))).toEqual({
    accountName: '客户资金专户',
    accountNumber: '15000100000001',
    bank: '平安银行深圳分行',
    cnaps: '307584007998',
    amount: { amount: '228000000', currency: 'CNY' },
    memo: expect.stringMatching(/^[2-9A-HJ-NP-Z]{3}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]$/),
  })
})

test('a dedicated virtual number stands in place of the account’s', async () => {
  const virtualNumberOf = (reference: string) =>
    reference === order.reference ? '9555000000001002' : undefined
  expect(await slipOf(offlineTransfer({ account, virtualNumberOf }, world))).toMatchObject({
    accountNumber: '9555000000001002',
  })
})

test.each([
  { ...order, currency: 'USD' },
  { ...order, method: 'alipay_qr' as const },
])('what it does not take fails at once: $method in $currency', async (other) => {
  const channel = offlineTransfer({ account }, world)
  const outcome = await channel.collect!(other, { sendBeforeMono: 1 })
  expect(outcome).toMatchObject({ result: 'failed', code: 'NOT_TAKEN' })
})
