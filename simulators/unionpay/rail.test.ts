/** The rules of the simulator, asked by a client of a few lines with a shared key (sign method 11). */
import { createHash, createPrivateKey, sign } from 'node:crypto'
import { inflateRawSync, inflateSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import type { Rail, RailSettlement } from '../channel/contract.ts'
import { MER_ID, startUnionPay, testKeys, type UnionPayOptions } from './index.ts'
import { serialOf } from './signature.ts'

type Form = Record<string, string>

const keys = testKeys()
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** 2026-03-02 10:00 in Shanghai. */
const TEN = Date.UTC(2026, 2, 2, 2)

let rail: Rail
let settled: RailSettlement[] = []
afterEach(() => rail.close())

async function open(options: UnionPayOptions = {}, at = TEN) {
  settled = []
  rail = await startUnionPay({
    onSettlement: async (settlement) => void settled.push(settlement),
    ...options,
  })
  await rail.admin.setClock(at)
}

const sha = (text: string) => createHash('sha256').update(text).digest('hex')
const textOf = (form: Form) =>
  Object.keys(form)
    .sort()
    .filter((name) => form[name] !== '')
    .map((name) => `${name}=${form[name]}`)
    .join('&')

async function send(path: string, form: Form): Promise<Form> {
  const response = await fetch(rail.url + path, {
    method: 'POST',
    body: new URLSearchParams(form).toString(),
    headers: { connection: 'close' },
  })
  const text = await response.text()
  const reply: Form = {}
  for (const part of text.split('&')) {
    const at = part.indexOf('=')
    reply[part.slice(0, at)] = part.slice(at + 1)
  }
  return reply
}

const signed = (form: Form): Form => {
  const whole = { ...form, signMethod: '11' }
  return { ...whole, signature: sha(`${textOf(whole)}&${sha(keys.secureKey)}`) }
}
const BACK = '/gateway/api/backTransReq.do'
const common = {
  version: '5.1.0',
  encoding: 'UTF-8',
  txnSubType: '00',
  accessType: '0',
  merId: MER_ID,
}
const money = {
  channelType: '07',
  txnTime: '20260302100000',
  currencyCode: '156',
  backUrl: 'https://platform.example/callbacks',
}
const holder = (name: string) => Buffer.from(`{customerNm=${name}}`).toString('base64')
const party = { accType: '01', accNo: '6222600260001072444', customerInfo: holder('李秀英') }

const collection = (orderId: string, more: Form = {}): Form => ({
  ...common,
  ...money,
  ...party,
  txnType: '11',
  bizType: '000501',
  orderId,
  txnAmt: '10000',
  ...more,
})
const collect = (orderId: string, more: Form = {}) => send(BACK, signed(collection(orderId, more)))
const pay = (orderId: string, more: Form = {}) =>
  collect(orderId, { txnType: '12', bizType: '000401', ...more })
const refund = (orderId: string, origQryId: string, txnAmt: string) =>
  send(
    BACK,
    signed({ ...common, ...money, txnType: '04', bizType: '000501', orderId, origQryId, txnAmt }),
  )
const ask = (orderId: string, txnTime = money.txnTime) =>
  send(
    '/gateway/api/queryTrans.do',
    signed({ ...common, txnType: '00', bizType: '000000', orderId, txnTime }),
  )

describe('signatures', () => {
  const byRsa = (form: Form, hashes: 1 | 2) => {
    const whole: Form = { ...form, signMethod: '01', certId: serialOf(keys.merchantCertPem) }
    const text = hashes === 2 ? sha(textOf(whole)) : textOf(whole)
    const signature = sign('sha256', Buffer.from(text), createPrivateKey(keys.merchantKeyPem))
    return { ...whole, signature: signature.toString('base64') }
  }
  const question = { ...common, txnType: '00', bizType: '000000', orderId: 'NOBODY01' }
  const asked = { ...question, txnTime: money.txnTime }

  test('by RSA: hashed twice is taken, hashed once is refused with 11', async () => {
    await open()
    const path = '/gateway/api/queryTrans.do'
    expect(await send(path, byRsa(asked, 2))).toMatchObject({ respCode: '34', signMethod: '01' })
    expect(await send(path, byRsa(asked, 1))).toMatchObject({ respCode: '11' })
    const otherCert = { ...byRsa(asked, 2), certId: '1' }
    expect(await send(path, otherCert)).toMatchObject({ respCode: '11' })
  })
  test('with a key: a changed field, another key, no signature are refused with 11', async () => {
    await open()
    const form = signed(collection('ORDER001'))
    expect(await send(BACK, { ...form, txnAmt: '10001' })).toMatchObject({ respCode: '11' })
    expect(await send(BACK, { ...form, signature: '0' })).toMatchObject({ respCode: '11' })
    const { signature, ...bare } = form
    expect(await send(BACK, bare)).toMatchObject({ respCode: '11' })
    expect(rail.admin.orders()).toHaveLength(0)
  })
  test('the reply is signed by the method of the request', async () => {
    await open()
    const { signature, ...reply } = await collect('ORDER001')
    expect(signature).toBe(sha(`${textOf(reply)}&${sha(keys.secureKey)}`))
  })
})

describe('an order', () => {
  test('is taken with 00, then done; a question needs its time', async () => {
    await open({ processMs: MINUTE })
    const taken = await collect('ORDER001')
    expect(taken).toMatchObject({ respCode: '00', queryId: expect.stringMatching(/^\d{21}$/) })
    expect(await ask('ORDER001')).toMatchObject({ respCode: '00', origRespCode: '05' })
    expect(rail.admin.movements()).toHaveLength(0)
    await rail.admin.setClock(TEN + MINUTE)
    expect(await ask('ORDER001')).toMatchObject({
      respCode: '00',
      origRespCode: '00',
      txnAmt: '10000',
      txnType: '11',
      queryId: taken.queryId,
    })
    expect(await ask('ORDER001', '20260302100001')).toMatchObject({ respCode: '34' })
    expect(rail.admin.movements()).toMatchObject([{ kind: 'collect', amount: 10_000n, fee: 0n }])
  })
  test('again with the same content gets the same answer; with other content 12', async () => {
    await open()
    const first = await collect('ORDER001')
    await rail.admin.idle()
    expect(await collect('ORDER001')).toEqual(first)
    for (const change of [
      { txnAmt: '10002' },
      { accNo: '6222600260001072445' },
      { accType: '04' },
    ]) {
      expect(await collect('ORDER001', change as Form)).toMatchObject({ respCode: '12' })
    }
    expect(await pay('ORDER001')).toMatchObject({ respCode: '12' })
    expect(rail.admin.movements()).toHaveLength(1)
  })
  test.each([
    ['accNo', '', '13'],
    ['customerInfo', '', '13'],
    ['txnAmt', '100.00', '10'],
    ['txnAmt', '0', '10'],
    ['currencyCode', '840', '10'],
    ['txnTime', 'yesterday', '10'],
    ['orderId', 'short', '10'],
    ['accType', '02', '10'],
    ['bizType', '000401', '10'],
    ['version', '5.0.0', '10'],
    ['merId', '777290058110049', '43'],
    ['customerInfo', 'AAAA', '10'],
  ])('whose %s is "%s" is refused with %s', async (name, value, code) => {
    await open()
    expect(await collect('ORDER001', { [name]: value })).toMatchObject({ respCode: code })
    expect(rail.admin.orders()).toHaveLength(0)
  })
  test('of a company’s account is taken', async () => {
    await open()
    expect(await collect('ORDER001', { accType: '04' })).toMatchObject({ respCode: '00' })
  })
  test('by magic amount, holder or card fails with its code', async () => {
    await open()
    const fates: [Form, string][] = [
      [{ txnAmt: '10051' }, '64'],
      [{ txnAmt: '10065' }, '81'],
      [{ txnAmt: '10005' }, '60'],
      [{ txnAmt: '10034' }, '38'],
      [{ customerInfo: holder('测试不符') }, '66'],
      [{ accNo: '6200000000000061', txnAmt: '5000100' }, '33'],
    ]
    for (const [index, [change, code]] of fates.entries()) {
      const orderId = `ORDER00${index}`
      expect(await collect(orderId, change)).toMatchObject({ respCode: '00' })
      await rail.admin.idle()
      expect(await ask(orderId)).toMatchObject({ origRespCode: code })
    }
    expect(await collect('ORDER100', { txnAmt: '10003' })).toMatchObject({ respCode: '43' })
    expect(await ask('ORDER100')).toMatchObject({ respCode: '34' })
    expect(await collect('ORDER101', { txnAmt: '10077' })).toMatchObject({ respCode: 'Z7' })
    expect(rail.admin.movements().map(({ reference }) => reference)).not.toContain('ORDER100')
  })
})

describe('refunds', () => {
  test('in parts, up to the collection and no further', async () => {
    await open({ processMs: MINUTE })
    const { queryId } = await collect('ORDER001')
    expect(await refund('REFUND00', queryId!, '1')).toMatchObject({ respCode: '35' })
    await rail.admin.setClock(TEN + MINUTE)
    expect(await refund('REFUND01', queryId!, '6000')).toMatchObject({ respCode: '00' })
    expect(await refund('REFUND02', queryId!, '4001')).toMatchObject({ respCode: '36' })
    expect(await refund('REFUND03', queryId!, '4000')).toMatchObject({ respCode: '00' })
    expect(await refund('REFUND04', queryId!, '1')).toMatchObject({ respCode: '36' })
    await rail.admin.setClock(TEN + 2 * MINUTE)
    expect(rail.admin.balance()).toBe(0n)
    expect(await refund('REFUND05', '2'.repeat(21), '1')).toMatchObject({ respCode: '35' })
  })
  test('not after 330 days', async () => {
    await open()
    const { queryId } = await collect('ORDER001')
    await rail.admin.setClock(TEN + 331 * DAY)
    expect(await refund('REFUND01', queryId!, '1')).toMatchObject({ respCode: '35' })
  })
})

describe('payouts', () => {
  test('need money put there for them, those on their way counted', async () => {
    await open({ processMs: MINUTE })
    expect(await pay('PAYOUT01')).toMatchObject({ respCode: '90' })
    await rail.admin.fund(15_000n, '备付金')
    expect(await pay('PAYOUT02')).toMatchObject({ respCode: '00' })
    expect(await pay('PAYOUT03')).toMatchObject({ respCode: '90' })
    await rail.admin.setClock(TEN + MINUTE)
    expect(rail.admin.balance()).toBe(5_000n)
  })
  test('to MOCKBANK-RETURN come back the next day at ten; the payout stays succeeded', async () => {
    await open()
    await rail.admin.fund(20_000n, '备付金')
    await pay('PAYOUT01', { issInsCode: 'MOCKBANK-RETURN' })
    await rail.admin.setClock(TEN + DAY - MINUTE)
    expect(rail.admin.movements().map(({ kind }) => kind)).toEqual(['funding', 'pay'])
    await rail.admin.setClock(TEN + DAY)
    expect(rail.admin.movements().at(-1)).toMatchObject({
      kind: 'payout_returned',
      amount: 10_000n,
    })
    expect(await ask('PAYOUT01')).toMatchObject({ origRespCode: '00' })
  })
  test('to MOCKBANK-CUTOFF are refused after 17:00', async () => {
    await open({}, TEN + 7 * HOUR)
    await rail.admin.fund(20_000n, '备付金')
    expect(await pay('PAYOUT01', { issInsCode: 'MOCKBANK-CUTOFF' })).toMatchObject({
      respCode: '39',
    })
  })
})

describe('a clearing day', () => {
  const rows = (content: string) => {
    const zip = inflateSync(Buffer.from(content, 'base64'))
    const name = zip.readUInt16LE(26)
    const packed = zip.subarray(30 + name, 30 + name + zip.readUInt32LE(18))
    return inflateRawSync(packed).toString('latin1').split('\r\n').slice(0, -1)
  }
  const file = (settleDate: string) =>
    send(
      '/',
      signed({
        ...common,
        txnSubType: '01',
        txnType: '76',
        bizType: '000000',
        fileType: '00',
        settleDate,
        txnTime: '20260303100000',
      }),
    )

  test('ends at 23:00; its file and its settlement, gross, come the next morning', async () => {
    await open({}, TEN + 12 * HOUR + 59 * MINUTE)
    const { queryId } = await collect('ORDER001')
    await rail.admin.idle()
    await refund('REFUND01', queryId!, '4000')
    await rail.admin.setClock(TEN + 13 * HOUR)
    await collect('ORDER002')
    await rail.admin.idle()
    expect(await file('0302')).toMatchObject({ respCode: '98' })
    expect(await ask('ORDER001')).toMatchObject({ settleDate: '0302' })
    await rail.admin.setClock(TEN + 23 * HOUR)
    expect(await ask('ORDER001')).toMatchObject({ settleDate: '0302' })
    expect(settled).toEqual([{ date: '20260302', amount: 6_000n, memo: `UPOP ${MER_ID} 20260302` }])
    const { fileName, fileContent } = await file('0302')
    expect(fileName).toBe(`INN26030288ZM_${MER_ID}.zip`)
    const lines = rows(fileContent!)
    expect(lines.map((line) => line.length)).toEqual([607, 607])
    expect(lines[0]!.slice(87, 108)).toBe(queryId)
    expect(lines[0]).toContain('ORDER001')
    expect(lines[1]).toContain('REFUND01')
    expect(rail.admin.balance()).toBe(10_000n)
  })
  test('that is the last of its month bills the fees', async () => {
    await open({}, Date.UTC(2026, 2, 31, 2))
    await collect('ORDER001', { txnAmt: '1000000' })
    await collect('ORDER002', { accType: '04' })
    await rail.admin.setClock(Date.UTC(2026, 3, 1, 2))
    expect(settled.map(({ amount, memo }) => [amount, memo])).toEqual([
      [1_010_000n, `UPOP ${MER_ID} 20260331`],
      [-3_000n, `UPOP ${MER_ID} FEE 202603`],
    ])
  })
  test('that is the last of its month bills the fees though nothing happened on it', async () => {
    await open({}, Date.UTC(2026, 2, 20, 2))
    await collect('ORDER001', { txnAmt: '1000000' })
    await rail.admin.setClock(Date.UTC(2026, 3, 1, 2))
    expect(settled.map(({ amount, memo }) => [amount, memo])).toEqual([
      [1_000_000n, `UPOP ${MER_ID} 20260320`],
      [-2_000n, `UPOP ${MER_ID} FEE 202603`],
    ])
  })
  test('without movements has an empty file once its time is over', async () => {
    await open({}, TEN + 23 * HOUR - 1)
    expect(await file('0302')).toMatchObject({ respCode: '98' })
    await rail.admin.setClock(TEN + 23 * HOUR)
    const { respCode, fileContent } = await file('0302')
    expect([respCode, rows(fileContent!)]).toEqual(['00', []])
  })
})

test('notices go out after 1, 2, 4 and 15 minutes until one is taken', async () => {
  await open({ callbackUrl: 'http://127.0.0.1:9/nobody' })
  await collect('ORDER001')
  await rail.admin.idle()
  const waits: number[] = []
  for (let at = rail.admin.now(), due = rail.admin.nextDueAt(); ; due = rail.admin.nextDueAt()) {
    if (due === undefined || due - at > HOUR) break
    waits.push((due - at) / MINUTE)
    at = due
    await rail.admin.setClock(due)
  }
  expect(waits).toEqual([1, 2, 4, 15])
  expect(rail.admin.callbacks()).toHaveLength(5)
})
