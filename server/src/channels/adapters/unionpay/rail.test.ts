/** Requests that the openssl command line signed, sent to the simulator: taken; hashed once: refused. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startUnionPay } from '../../../../../simulators/unionpay/index.ts'

const golden = (name: string) =>
  readFileSync(new URL(`./fixtures/${name}.txt`, import.meta.url), 'utf8')

test.each([
  ['query-01', '/gateway/api/queryTrans.do', '34'],
  ['refund-01', '/gateway/api/backTransReq.do', '35'],
  ['collect-11', '/gateway/api/backTransReq.do', '00'],
  ['pay-12', '/gateway/api/backTransReq.do', '90'],
  ['refund-single-hash', '/gateway/api/backTransReq.do', '11'],
])('%s', async (name, path, respCode) => {
  const rail = await startUnionPay()
  try {
    const reply = await fetch(rail.url + path, { method: 'POST', body: golden(name) })
    expect(await reply.text()).toMatch(new RegExp(`(^|&)respCode=${respCode}&`))
  } finally {
    await rail.close()
  }
})
