/** The house as an institution of a few lines meets it: notices end when they were taken, and only then. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type NetsunionRail, newPlatformKey, startNetsunion } from './index.ts'
import { cryptoOf } from './keys.ts'
import { printMessage } from './message.ts'
import { batchIdOf } from './payouts.ts'

const [issuerId, reserveAccount, signSerial, encryptSerial] = ['Z2004944000010', '991', '01', '02']
/** Midnight in Shanghai, when eight zeros and more stand in every number of the rail's. */
const MIDNIGHT = Date.UTC(2026, 2, 2, 16)
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** An institution that says `code` to every notice and repeats the notice's own number. */
async function institution(code: () => string) {
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part: Buffer) => {
      text += part
    })
    request.on('end', () => {
      const id = /<MsgId>([^<]*)</.exec(text)![1]
      response.end(`<RltdMsgId>${id}</RltdMsgId><SysRtnCd>${code()}</SysRtnCd>`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function payOut(house: NetsunionRail, own: ReturnType<typeof newPlatformKey>) {
  const crypto = cryptoOf('rsa', own, house.platformPublicKeyPem)
  const envelope = crypto.envelope()
  const type = 'epcc.221.001.01'
  const header = {
    ...{ MsgTp: type, MsgId: 'M1', IssrId: issuerId, SignSN: signSerial },
    ...{ NcrptnSN: encryptSerial, DgtlEnvlp: envelope.text },
  }
  const body = printMessage(crypto, header, {
    TrxInf: { TrxId: `20${'1'.repeat(28)}`, TrxAmt: 'CNY100.00', TrxCtgy: '0221' },
    PyeeInf: {
      ...{ PyeeAcctTp: '00', PyeeAcctIssrId: 'ICBC' },
      ...{ PyeeAcctId: envelope.hide('6222021001') },
      PyeeNm: envelope.hide('李秀英'),
    },
    ResfdInf: { InstgAcctId: reserveAccount },
    BatchInf: { BatchId: batchIdOf(MIDNIGHT) },
  })
  const headers = { msgtp: type, oriissrid: issuerId, connection: 'close' }
  const reply = await fetch(`${house.url}/preSvr`, { method: 'POST', headers, body })
  return reply.text()
}

test('a notice is repeated until its code says it was taken, whatever else the reply repeats', async () => {
  let code = 'PS500099'
  const callbackUrl = await institution(() => code)
  const own = newPlatformKey('rsa')
  const house = await startNetsunion({
    ...{ callbackUrl, issuerId, reserveAccount, signSerial, encryptSerial, suite: 'rsa' },
    clientPublicKeyPem: own.publicKeyPem,
  })
  cleanups.push(() => house.close())
  await house.admin.setClock(MIDNIGHT)
  await house.admin.fund(50_000n, '备付金')
  expect(await payOut(house, own)).toContain('PB000001')
  await house.admin.setClock(MIDNIGHT + 1_000)
  expect(house.admin.callbacks()).toHaveLength(1)
  await house.admin.setClock(MIDNIGHT + 31_000)
  expect(house.admin.callbacks()).toHaveLength(2)
  code = '00000000'
  await house.admin.setClock(MIDNIGHT + 91_000)
  await house.admin.setClock(MIDNIGHT + 3_600_000)
  expect(house.admin.callbacks()).toHaveLength(3)
})
