/** The face of the bank that is not its protocol: what happens to the account from outside. */
import { afterEach, expect, test } from 'vitest'
import { type BankDirectRail, newKeyPair, publicPem, startBankDirect } from './index.ts'

let bank: BankDirectRail
afterEach(() => bank.close())

async function outside(entry: object) {
  const response = await fetch(`${bank.url}/outside`, {
    method: 'POST',
    body: JSON.stringify(entry),
    headers: { connection: 'close' },
  })
  return { status: response.status, text: await response.text() }
}

test('an entry from outside moves the balance by its kind, and one of no known kind moves nothing', async () => {
  bank = await startBankDirect({
    userId: 'N002462',
    account: '755947919810515',
    clientPublicKeyPem: publicPem(newKeyPair()),
    sm4KeyHex: '00112233445566778899aabbccddeeff',
  })
  const memo = '转账'
  expect(await outside({ kind: 'incoming', amount: '500', memo })).toMatchObject({ status: 200 })
  expect(await outside({ kind: 'fee', amount: '20', memo })).toMatchObject({ status: 200 })
  expect(await outside({ kind: 'income', amount: '100', memo })).toMatchObject({ status: 400 })
  expect(await outside({ kind: 'incoming', amount: '-1', memo })).toMatchObject({ status: 400 })
  expect(bank.admin.balance()).toBe(480n)
  expect(bank.admin.entries().map(({ textCode }) => textCode)).toEqual(['TRIN', 'FEES'])
})
