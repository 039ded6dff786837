/** Two clients written by others work against the simulator: they sign, check and open as in earnest. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin'
import WxPay from 'wechatpay-node-v3'
import type { WechatPayRail } from './index.ts'
import { MERCHANT, NOW, orderOf, privateKeyPem, startRail } from './testing/merchant.ts'

const HOST = 'https://api.mch.weixin.qq.com'
const { appId, mchId, serial, apiV3Key } = MERCHANT
const MINUTE = 60_000

let rail: WechatPayRail
beforeAll(async () => {
  rail = await startRail()
})
afterAll(() => rail.close())

interface Answered {
  readonly status: number
  readonly data: Record<string, unknown>
}
/** The client makes paths of property names; its types call each of them possibly absent. */
type Chain = { readonly [name: string]: Chain } & {
  get(config?: object): Promise<Answered>
  post(body: object): Promise<Answered>
}
const v3 = (wxpay: Wechatpay) => wxpay.v3 as unknown as Chain

/** A notice of the rail as it was sent, newest last. */
const noticeOf = (reference: string) => {
  const sent = rail.admin.callbacks().filter((one) => one.reference === reference)
  const { headers, body } = sent.at(-1)!
  return { headers, text: Buffer.from(body).toString() }
}

describe('wechatpay-axios-plugin', () => {
  const client = () =>
    new Wechatpay({
      mchid: mchId,
      serial,
      privateKey: privateKeyPem,
      certs: { [rail.platformSerial]: rail.platformCertificatePem },
      baseURL: rail.url,
    })

  test('orders, asks, refunds and opens the notice', async () => {
    const wxpay = client()
    const native = v3(wxpay).pay!.transactions!.native!
    const made = await native.post(orderOf('AXIOS00001', 250_000))
    expect(made.status).toBe(200)
    expect(made.data.code_url).toMatch(/^weixin:\/\/wxpay\/bizpayurl/)
    await rail.admin.payOrder('AXIOS00001')
    await rail.admin.idle()
    const asked = await v3(wxpay).pay!.transactions!.outTradeNo!.$out_trade_no$!.get({
      out_trade_no: 'AXIOS00001',
      params: { mchid: mchId },
    })
    expect(asked.data).toMatchObject({
      trade_state: 'SUCCESS',
      amount: { total: 250_000, currency: 'CNY' },
    })
    const refunded = await v3(wxpay).refund!.domestic!.refunds!.post({
      out_trade_no: 'AXIOS00001',
      out_refund_no: 'AXIOS00001R',
      amount: { refund: 100_000, total: 250_000, currency: 'CNY' },
    })
    expect(refunded.data).toMatchObject({ status: 'PROCESSING', amount: { refund: 100_000 } })

    const { headers, text } = noticeOf('AXIOS00001')
    const lines = Formatter.response(
      headers['Wechatpay-Timestamp']!,
      headers['Wechatpay-Nonce']!,
      text,
    )
    const signature = headers['Wechatpay-Signature']!
    expect(Rsa.verify(lines, signature, rail.platformPublicKeyPem)).toBe(true)
    const { resource } = JSON.parse(text)
    const plain = Aes.AesGcm.decrypt(
      resource.ciphertext,
      apiV3Key,
      resource.nonce,
      resource.associated_data,
    )
    expect(JSON.parse(plain)).toMatchObject({ out_trade_no: 'AXIOS00001', mchid: mchId })
  })

  test('gets the refusals of APIv3', async () => {
    const missing = v3(client()).pay!.transactions!.outTradeNo!.$out_trade_no$!.get({
      out_trade_no: 'NEVERSEEN1',
      params: { mchid: mchId },
    })
    await expect(missing).rejects.toMatchObject({
      response: { status: 404, data: { code: 'ORDER_NOT_EXIST' } },
    })
  })

  test('refuses a rail whose key it does not know', async () => {
    const stranger = new Wechatpay({
      mchid: mchId,
      serial,
      privateKey: privateKeyPem,
      certs: { OTHER: rail.platformCertificatePem },
      baseURL: rail.url,
    })
    const asked = v3(stranger).certificates!.get()
    await expect(asked).rejects.toMatchObject({ code: 'EV3_RES_HEADER_PLATFORM_SERIAL' })
  })
})

describe('wechatpay-node-v3', () => {
  const sent: Response[] = []

  /** Its host is fixed in its code; the sender it lets us give takes the rail's. */
  function client(): WxPay {
    const pay = new WxPay({
      appid: appId,
      mchid: mchId,
      serial_no: serial,
      publicKey: Buffer.from('not read when a serial number is given'),
      privateKey: Buffer.from(privateKeyPem),
      key: apiV3Key,
    })
    const send = async (method: string, url: string, headers: object, body?: string) => {
      const response = await fetch(url.replace(HOST, rail.url), {
        method,
        headers: headers as Record<string, string>,
        ...(body === undefined ? {} : { body }),
      })
      sent.push(response.clone() as Response)
      const text = await response.text()
      const data = text.startsWith('{') ? JSON.parse(text) : text
      return response.ok
        ? { status: response.status, data }
        : { status: response.status, error: data }
    }
    const refuse = () => Promise.reject(new Error('not used'))
    pay.createHttp({
      get: (url: string, headers: object) => send('GET', url, headers),
      post: (url: string, params: object, headers: object) =>
        send('POST', url, headers, JSON.stringify(params)),
      postV2: refuse,
      upload: refuse,
    } as unknown as Parameters<WxPay['createHttp']>[0])
    return pay
  }

  const order = (reference: string, total: number, more = {}) => {
    const { appid, mchid, ...rest } = orderOf(reference, total, more)
    expect([appid, mchid]).toEqual([appId, mchId])
    return rest
  }

  async function paid(pay: WxPay, reference: string, total: number, more = {}): Promise<string> {
    expect((await pay.transactions_native(order(reference, total, more))).status).toBe(200)
    await rail.admin.payOrder(reference)
    await rail.admin.idle()
    const { data } = await pay.query({ out_trade_no: reference })
    return (data as { transaction_id: string }).transaction_id
  }

  test('orders by H5 and JSAPI, asks and closes', async () => {
    const pay = client()
    const h5 = await pay.transactions_h5(
      order('NODEV30001', 100, {
        scene_info: { payer_client_ip: '14.23.150.211', h5_info: { type: 'Wap' } },
      }) as never,
    )
    expect(h5.data).toMatchObject({ h5_url: expect.stringContaining('checkmweb') })
    const jsapi = await pay.transactions_jsapi(
      order('NODEV30002', 100, { payer: { openid: 'oUpF8uMuAJO' } }) as never,
    )
    expect(jsapi.data).toMatchObject({ package: expect.stringMatching(/^prepay_id=wx\d+$/) })
    expect((await pay.close('NODEV30001')).status).toBe(204)
    expect((await pay.query({ out_trade_no: 'NODEV30001' })).data).toMatchObject({
      trade_state: 'CLOSED',
    })
  })

  test('checks replies by the certificate it fetches', async () => {
    const pay = client()
    const certificates = await pay.get_certificates(apiV3Key)
    expect(certificates).toMatchObject([{ serial_no: rail.platformSerial }])
    const reply = sent.at(-1)!
    const header = (name: string) => reply.headers.get(`wechatpay-${name}`)!
    const checked = {
      timestamp: header('timestamp'),
      nonce: header('nonce'),
      serial: header('serial'),
      signature: header('signature'),
      body: await reply.text(),
      apiSecret: apiV3Key,
    }
    expect(await pay.verifySign(checked)).toBe(true)
    expect(await pay.verifySign({ ...checked, body: `${checked.body} ` })).toBe(false)
  })

  test('refunds and opens the notice', async () => {
    const pay = client()
    await paid(pay, 'NODEV30003', 80_000)
    const made = await pay.refunds({
      out_trade_no: 'NODEV30003',
      out_refund_no: 'NODEV30003R1',
      amount: { refund: 30_000, total: 80_000, currency: 'CNY' },
    })
    expect(made.data).toMatchObject({ status: 'PROCESSING' })
    await rail.admin.setClock(rail.admin.now() + 5_000)
    expect((await pay.find_refunds('NODEV30003R1')).data).toMatchObject({ status: 'SUCCESS' })
    const { resource, event_type } = JSON.parse(noticeOf('NODEV30003R1').text)
    expect(event_type).toBe('REFUND.SUCCESS')
    expect(
      pay.decipher_gcm(resource.ciphertext, resource.associated_data, resource.nonce, apiV3Key),
    ).toMatchObject({ refund_status: 'SUCCESS', amount: { refund: 30_000, total: 80_000 } })
  })

  test('shares a collection, takes a part back and frees the rest', async () => {
    const pay = client()
    const number = await paid(pay, 'NODEV30004', 100_000, {
      settle_info: { profit_sharing: true },
    })
    const receiver = { type: 'MERCHANT_ID', account: '1900000109' }
    const named = await pay.profitsharing_receivers_add({
      ...receiver,
      appid: appId,
      relation_type: 'PARTNER',
      name: pay.publicEncrypt('链家门店', rail.platformPublicKeyPem as never),
      wx_serial_no: rail.platformSerial,
    } as never)
    expect(named.status).toBe(200)
    const shared = await pay.create_profitsharing_orders({
      transaction_id: number,
      out_order_no: 'SHARE00001',
      receivers: [{ ...receiver, amount: 20_000, description: '佣金' }],
      unfreeze_unsplit: false,
    } as never)
    expect(shared.data).toMatchObject({ state: 'PROCESSING' })
    await rail.admin.setClock(rail.admin.now() + 5_000)
    expect((await pay.query_profitsharing_orders(number, 'SHARE00001')).data).toMatchObject({
      state: 'FINISHED',
      receivers: [{ account: '1900000109', amount: 20_000, result: 'SUCCESS' }],
    })
    const back = await pay.profitsharing_return_orders({
      out_order_no: 'SHARE00001',
      out_return_no: 'RETURN0001',
      return_mchid: '1900000109',
      amount: 5_000,
      description: '合同解除',
    } as never)
    expect(back.data).toMatchObject({ result: 'PROCESSING' })
    await rail.admin.setClock(rail.admin.now() + 5_000)
    const asked = await pay.query_profitsharing_return_orders('RETURN0001', 'SHARE00001')
    expect(asked.data).toMatchObject({ result: 'SUCCESS', amount: 5_000 })
    expect((await pay.query_profitsharing_amounts(number)).data).toMatchObject({
      unsplit_amount: 100_000 - 600 - 15_000,
    })
    const freed = await pay.profitsharing_orders_unfreeze({
      transaction_id: number,
      out_order_no: 'SHARE00002',
      description: '解冻剩余',
    } as never)
    expect(freed.data).toMatchObject({ state: 'PROCESSING' })
    const moved = rail.admin.movements().filter(({ kind }) => kind.startsWith('share'))
    expect(moved.map(({ amount }) => amount)).toEqual([-20_000n, 5_000n])
  })

  test('fetches the bill, and its hash is the one announced', async () => {
    const pay = client()
    await rail.admin.setClock(NOW + 26 * 60 * MINUTE)
    const asked = await pay.tradebill({ bill_date: '2026-03-02', bill_type: 'ALL' })
    const { download_url, hash_value } = asked.data as Record<string, string>
    const file = await pay.downloadBill(download_url!.replace(rail.url, HOST))
    const text = `\ufeff${String(file.data).replace(/^\ufeff/, '')}`
    expect(createHash('sha1').update(text).digest('hex')).toBe(hash_value)
    const { rows, summary } = Formatter.castCsvBill(text) as unknown as {
      rows: Record<string, string>[]
      summary: Record<string, string>
    }
    expect(summary.总交易单数).toBe(String(rows.length))
    expect(rows.map((row) => row.交易状态)).toContain('REFUND')
  })
})
