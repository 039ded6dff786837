/** Days of money over the real rails: in, settled, paid out, given back, and what it leaves in the books. */
import { afterEach, describe, expect, it } from 'vitest'
import { OWN_ACCOUNT } from '../testing/rails.ts'
import { attemptsOf, CORPORATE, railsCalls, yuan } from '../testing/rails-calls.ts'
import { type RailsWorld, railsWorld, shanghaiAt } from '../testing/rails-world.ts'
import { derivedUuid, publicId } from './base/index.ts'
import { post } from './ledger/index.ts'

let on: RailsWorld

afterEach(() => on.stop())

/** Nothing is done more often than this while days pass. */
const GRAIN = 7_200_000
const bankBalance = () => on.rails['bank-direct'].admin.balance()
const balanceAt = (rail: string) => on.book(`Balance at ${rail}`)
const fromOwn = () => on.transit(on.pool, `book_${on.own}`)

describe('days over the real rails', () => {
  it('WeChat and Alipay: credited at once, settled net the day after, fees owed by our own book; a refund waits for the channel to be funded', async () => {
    on = await railsWorld()
    const { paid, refund, status, cash } = railsCalls(on)
    const first = await paid('wechat_native', yuan(10_000n))
    await paid('alipay_qr', yuan(20_000n))
    expect(await on.balance(on.buyer)).toBe(yuan(30_000n))
    expect(await on.transit(on.pool, 'wechat-pay')).toBe(yuan(10_000n))
    expect(await cash()).toBe(0n)

    await on.passTo(shanghaiAt('2026-03-03 12:00'), GRAIN)
    const fees = yuan(60n + 120n)
    expect(await on.transit(on.pool, 'wechat-pay')).toBe(0n)
    expect(await on.transit(on.pool, 'alipay')).toBe(0n)
    expect(await cash()).toBe(yuan(30_000n) - fees)
    expect(bankBalance()).toBe(await cash())
    expect(await fromOwn()).toBe(fees)
    expect(await on.transit(on.own, `book_${on.pool}`)).toBe(-fees)
    expect(await on.byCode(on.own, '6421')).toBe(fees)
    expect(await on.faults()).toEqual([])

    const back = await refund(first.id, yuan(4_000n))
    expect(back).toMatchObject({ status: 201 })
    await on.settle()
    const short = await on.exceptions('refund_waiting_for_funds')
    expect(short).toMatchObject([{ amount: yuan(4_000n), evidence: { code: 'NOT_ENOUGH' } }])
    expect(await status('refunds', back.id)).toBe('processing')
    await on.passTo(shanghaiAt('2026-03-03 13:00'))
    expect(await status('refunds', back.id)).toBe('succeeded')
    expect(await on.exceptions('refund_waiting_for_funds')).toEqual([])
    expect(await on.balance(on.buyer)).toBe(yuan(26_000n))
    expect(await on.byCode(balanceAt('wechat-pay'), '1012.03')).toBe(yuan(4_000n))
    expect(await on.transit(balanceAt('wechat-pay'), `book_${on.pool}`)).toBe(-yuan(4_000n))

    await on.passTo(shanghaiAt('2026-03-04 12:00'), GRAIN)
    expect(bankBalance()).toBe(await cash())
    expect(on.rails['wechat-pay'].admin.balance()).toBe(
      await on.byCode(balanceAt('wechat-pay'), '1012.03'),
    )
    expect(await on.transit(on.pool, 'wechat-pay')).toBe(yuan(4_000n))
    const owed = fees - yuan(24n)
    expect(await fromOwn()).toBe(owed)
    expect(await on.exceptions()).toEqual([])

    // Our own book pays from its bank account elsewhere.
    const writer = on.ledger.writer(on.own)
    const [ownCash, income] = ['1002.01', '6021'].map((code) => writer.accountByCode(code)!.id)
    await writer.transfer(post(on.world.ids.uuid(), ownCash!, income!, owed))
    const transfer = {
      kind: 'incoming',
      amount: owed,
      memo: '手续费',
      account: OWN_ACCOUNT,
    } as const
    await on.rails['bank-direct'].admin.enter({ ...transfer, name: '榫卯科技有限公司' })
    await on.passTo(shanghaiAt('2026-03-04 12:30'))
    expect(await fromOwn()).toBe(0n)
    expect(await on.transit(on.own, `book_${on.pool}`)).toBe(0n)
    expect(await on.byCode(on.own, '1002.01')).toBe(0n)
    expect(await on.exceptions()).toEqual([])
    expect(bankBalance()).toBe(await cash())
    expect(await on.faults()).toEqual([])
  })

  it('a payout beyond cleared cash waits visibly over the weekend and goes on Monday', async () => {
    on = await railsWorld({ start: shanghaiAt('2026-03-06 10:00') })
    const { paid, payOut, status, cash, get } = railsCalls(on)
    await paid('wechat_native', yuan(20_000n))
    const out = await payOut(on.buyer, yuan(15_000n))
    expect(out).toMatchObject({ status: 201, body: { status: 'waiting_for_cash' } })
    await on.passTo(shanghaiAt('2026-03-06 20:00'), GRAIN)
    expect(await status('payouts', out.id)).toBe('waiting_for_cash')
    await on.passTo(shanghaiAt('2026-03-07 09:00'), GRAIN)
    expect((await get('payouts', out.id)).body).toMatchObject({
      status: 'waiting_for_cash',
      code: 'credit_account_overdrawn',
    })
    expect(on.rails['bank-direct'].admin.orders()).toEqual([])
    await on.passTo(shanghaiAt('2026-03-09 12:00'), GRAIN)
    expect(await status('payouts', out.id)).toBe('succeeded')
    expect(await cash()).toBe(yuan(20_000n) - yuan(120n) - yuan(15_000n))
    expect(bankBalance()).toBe(await cash())
    expect(await on.balance(on.buyer)).toBe(yuan(5_000n))
    expect(await on.exceptions()).toEqual([])
    expect(await on.faults()).toEqual([])
  })

  it('UnionPay: settled gross, its fees billed at the end of the month, refund and returned payout', async () => {
    const opening = { unionpay: yuan(50_000n), 'bank-direct': yuan(1_000n) }
    on = await railsWorld({ start: shanghaiAt('2026-03-30 10:00'), opening })
    const { paid, payOut, refund, status, cash, get } = railsCalls(on)
    const first = await paid('collection', yuan(8_000n))
    const disputed = await paid('collection', yuan(2_000n))
    expect(await on.balance(on.buyer)).toBe(yuan(10_000n))
    const back = await refund(first.id, yuan(3_000n))
    await on.settle()
    expect(await status('refunds', back.id)).toBe('succeeded')
    const out = await payOut(on.seller, yuan(20_000n), { ...CORPORATE, bank: 'MOCKBANK' })
    await on.settle()
    expect((await get('payouts', out.id)).body).toMatchObject({
      status: 'succeeded',
      attempts: [{ channel: 'netsunion', status: 'failed' }, { channel: 'unionpay' }],
    })
    const [, sent] = attemptsOf(await get('payouts', out.id))
    await on.rails.unionpay.admin.returnPayout(sent!.reference)

    await on.passTo(shanghaiAt('2026-03-31 12:00'), GRAIN)
    expect(await on.transit(on.pool, 'unionpay')).toBe(0n)
    expect(bankBalance()).toBe(yuan(1_000n + 5_000n + 2_000n))
    expect((await get('payouts', out.id)).body).toMatchObject({
      status: 'succeeded',
      returns: [{ amount: { amount: String(yuan(20_000n)) }, booked_to: 'source' }],
    })
    expect(await on.balance(on.seller)).toBe(yuan(51_000n))
    expect(await fromOwn()).toBe(0n)

    await on.rails.unionpay.admin.chargeBack(disputed.reference)
    await on.passTo(shanghaiAt('2026-04-01 12:00'), GRAIN)
    expect(await on.exceptions('chargeback')).toMatchObject([
      { about: disputed.reference, amount: yuan(2_000n), evidence: { about: disputed.id } },
    ])
    const takenBack = derivedUuid('payments.account', `${on.pool}/1221.04`)
    expect(await on.balance(publicId('acc', on.pool, takenBack))).toBe(yuan(2_000n))
    expect(await on.transit(on.pool, 'unionpay')).toBe(0n)
    // Collection 0.2 % to ¥20 at most, a payout ¥1.50; the month's bill comes by our bank.
    const bill = 16_00n + 4_00n + 1_50n
    expect(bankBalance()).toBe(yuan(6_000n) - bill)
    expect(await cash()).toBe(bankBalance() + yuan(50_000n))
    expect(await fromOwn()).toBe(bill)
    expect(await on.byCode(on.own, '6421')).toBe(bill)
    expect(await on.transit(on.own, `book_${on.pool}`)).toBe(-bill)
    expect(await on.exceptions('unknown_debit')).toEqual([])
    expect(await on.faults()).toEqual([])
  })
})
