/** What real rails refuse, what moves without us, and what is counted of it. */
import { afterEach, describe, expect, it } from 'vitest'
import { attemptsOf, CORPORATE, money, PERSON, railsCalls, yuan } from '../testing/rails-calls.ts'
import { accountId, type RailsWorld, railsWorld, shanghaiAt } from '../testing/rails-world.ts'

let on: RailsWorld

afterEach(() => on.stop())

const GRAIN = 7_200_000
const bank = () => on.rails['bank-direct'].admin

interface StoredRoute {
  readonly channel: string
  readonly candidates: readonly {
    readonly channel: string
    readonly why: string
    readonly cost: string
  }[]
}

describe('payouts a bank has not permitted', () => {
  it('go on over another channel after a certain refusal, and the next is routed around at once', async () => {
    on = await railsWorld({ opening: { netsunion: yuan(90_000n), 'bank-direct': yuan(90_000n) } })
    const { payOut, get, paid, open } = railsCalls(on)
    on.rails.netsunion.admin.permit({ bank: 'ICBC', accountType: 'corporate' }, false)
    const first = await payOut(on.seller, yuan(20_000n), CORPORATE)
    await on.settle()
    await on.passTo(on.world.clock.now() + 60_000)
    const firstRead = await get('payouts', first.id)
    expect(attemptsOf(firstRead).map(({ channel, status }) => `${channel} ${status}`)).toEqual([
      'netsunion failed',
      'unionpay failed',
      'bank-direct succeeded',
    ])
    expect(attemptsOf(firstRead)[0]).toMatchObject({ channel_code: 'PB520057' })

    const second = await payOut(on.seller, yuan(10_000n), CORPORATE)
    const person = await payOut(on.seller, yuan(6_000n), PERSON)
    await on.settle()
    await on.passTo(on.world.clock.now() + 60_000)
    const secondRead = await get('payouts', second.id)
    expect(secondRead.body.status).toBe('succeeded')
    expect(attemptsOf(secondRead).map(({ channel }) => channel)).not.toContain('netsunion')
    expect(attemptsOf(await get('payouts', person.id)).map(({ channel }) => channel)).toEqual([
      'netsunion',
    ])
    const [stored] = await on.database.db.query<{ route: StoredRoute }>(
      'select route from payments.attempt where owner = $1 and number = 1',
      [second.id],
    )
    const netsunion = stored!.route.candidates.find(({ channel }) => channel === 'netsunion')
    expect(netsunion).toMatchObject({ why: 'learnt_no_permission', cost: '50' })

    // Pay-ins of the same day: one is paid, one fails for a cause of the payer's.
    await paid('wechat_native', yuan(100n))
    await open('collection', 100_51n, {
      payer: { ...PERSON, id_number: '11010519491231002X', mobile: '13800138000' },
    })
    await on.settle()
    await on.passTo(shanghaiAt('2026-03-03 11:00'), GRAIN)
    await byHand()
    expect(await on.faults()).toEqual([])
  })
})

/** The rates of all traffic, and by channel, are what counting the attempts by hand gives. */
async function byHand() {
  const attempts = await on.database.db.query<{
    direction: string
    channel: string
    owner: string
    number: number
    state: string
    code: string
  }>('select direction, channel, owner, number, state, code from payments.attempt')
  const window = 'from=2026-03-02T00:00:00%2B08:00&to=2026-03-03T00:00:00%2B08:00'
  for (const direction of ['pay', 'collect']) {
    const path = `/v1/success-rates?${window}&by=channel&direction=${direction}`
    const { status, body } = await on.call('GET', path)
    expect(status).toBe(200)
    const rows = body.data as {
      group: { channel: string }
      counts: Record<string, string>
      rates: Record<string, { numerator: string; denominator: string }>
    }[]
    const mine = attempts.filter((each) => each.direction === direction)
    expect(rows.map(({ group }) => group.channel).sort()).toEqual(
      [...new Set(mine.map(({ channel }) => channel))].sort(),
    )
    for (const { group, counts, rates } of rows) {
      const own = mine.filter(({ channel }) => channel === group.channel)
      const good = own.filter(({ state }) => state === 'succeeded')
      const first = own.filter(({ number }) => number === 1)
      const user = own.filter(({ channel, code, state }) => {
        const said = on.parts.codes.current().classify({ channel, direction, code } as never)
        return state === 'failed' && said.cause === 'user'
      })
      expect(counts).toMatchObject({
        attempts: String(own.length),
        succeeded: String(good.length),
        user: String(user.length),
      })
      expect(rates.effective).toMatchObject({
        numerator: String(good.length),
        denominator: String(own.length - user.length),
      })
      expect(rates.first_attempt).toMatchObject({
        numerator: String(first.filter(({ state }) => state === 'succeeded').length),
      })
    }
  }
}

describe('transfers and entries at our bank', () => {
  it('a payer’s transfer by its code, another amount, no code; and all that a bank takes and brings', async () => {
    on = await railsWorld({ opening: { 'bank-direct': yuan(1_000n) } })
    const { open, status, cash } = railsCalls(on)
    const right = await open('bank_transfer', yuan(500n))
    const wrong = await open('bank_transfer', yuan(700n))
    const slip = ({ reply }: typeof right) =>
      JSON.parse(attemptsOf(reply)[0]!.payer_action!.value) as { memo: string }
    const incoming = { kind: 'incoming', name: '王小明', account: PERSON.account } as const
    await bank().enter({ ...incoming, amount: yuan(500n), memo: `${slip(right).memo} 首付款` })
    await bank().enter({ ...incoming, amount: yuan(699n), memo: slip(wrong).memo })
    const stray = await bank().enter({ ...incoming, amount: yuan(33n), memo: '货款' })
    const court = await bank().enter({ kind: 'court_deduction', amount: yuan(10n), memo: '执行' })
    const fee = await bank().enter({ kind: 'fee', amount: yuan(2n), memo: '手续费' })
    const interest = await bank().enter({ kind: 'interest', amount: yuan(5n), memo: '结息' })
    const gone = await bank().enter({ kind: 'unknown_debit', amount: yuan(7n), memo: '支取' })
    await on.passTo(on.world.clock.now() + 1_200_000)

    expect(await status('payments', right.id)).toBe('succeeded')
    expect(await status('payments', wrong.id)).toBe('open')
    expect(await on.balance(on.buyer)).toBe(yuan(500n))
    expect(await on.transit(on.pool, 'offline-transfer')).toBe(0n)
    expect(await on.byCode(on.pool, '2241.06')).toBe(yuan(699n + 33n))
    const raised = (await on.exceptions()).map(({ kind, about, amount }) => ({
      kind,
      about,
      amount,
    }))
    expect(raised.filter(({ kind }) => kind !== 'unknown_credit')).toEqual([
      { kind: 'bank_fee', about: fee, amount: yuan(2n) },
      { kind: 'court_deduction', about: court, amount: yuan(10n) },
      { kind: 'pool_interest', about: interest, amount: yuan(5n) },
      { kind: 'unknown_debit', about: gone, amount: yuan(7n) },
    ])
    expect(raised.filter(({ kind }) => kind === 'unknown_credit')).toMatchObject([
      { amount: yuan(699n) },
      { about: stray, amount: yuan(33n) },
    ])
    expect(await on.transit(on.pool, `book_${on.own}`)).toBe(yuan(2n))
    expect(await on.byCode(on.own, '6603')).toBe(yuan(2n))
    expect(await cash()).toBe(bank().balance())
    expect(await on.faults()).toEqual([])

    await on.passTo(shanghaiAt('2026-03-03 12:00'), GRAIN)
    expect(await cash()).toBe(bank().balance())
    expect(await on.faults()).toEqual([])
  })
})

describe('a settlement that takes cash which is reserved', () => {
  it('waits for the cash, and later lines of the bank are taken meanwhile', async () => {
    on = await railsWorld({ opening: { 'bank-direct': 100_99n, unionpay: yuan(1n) } })
    const { paid, refund, payOut, status } = railsCalls(on)
    const first = await paid('collection', yuan(80n))
    await on.passTo(shanghaiAt('2026-03-03 12:00'), GRAIN)
    expect(bank().balance()).toBe(180_99n)
    const back = await refund(first.id, yuan(50n))
    await bank().enter({ kind: 'court_deduction', amount: yuan(10n), memo: '执行' })
    await on.passTo(shanghaiAt('2026-03-03 13:00'))
    expect(await status('refunds', back.id)).toBe('succeeded')
    await on.passTo(shanghaiAt('2026-03-04 10:20'), GRAIN)
    // No rail ever answers about these, so that their cash stays reserved.
    const stuck = [await payOut(on.seller, 101_99n), await payOut(on.buyer, 29_99n)]
    expect(stuck.map(({ body }) => body.status)).toEqual(['processing', 'processing'])
    const settlements = () =>
      on.database.db.query(
        "select state from payments.settlement where channel = 'unionpay' order by business_date",
      )

    await on.passTo(shanghaiAt('2026-03-04 10:45'))
    const incoming = { kind: 'incoming', name: '李四', account: PERSON.account } as const
    const stray = await bank().enter({ ...incoming, amount: yuan(7n), memo: '货款' })
    await on.passTo(shanghaiAt('2026-03-04 11:00'))
    expect(await settlements()).toEqual([{ state: 'settled' }, { state: 'expected' }])
    expect(await on.transit(on.pool, 'unionpay')).toBe(-yuan(50n))
    expect(await on.exceptions('unknown_credit')).toMatchObject([{ about: stray }])

    await bank().enter({ ...incoming, amount: yuan(100n), memo: '货款' })
    await on.passTo(shanghaiAt('2026-03-04 11:20'))
    expect(await settlements()).toEqual([{ state: 'settled' }, { state: 'settled' }])
    expect(await on.transit(on.pool, 'unionpay')).toBe(0n)
    // The reserve at UnionPay is cash of the pool as well.
    expect(await on.byCode(on.pool, '1012.02')).toBe(bank().balance() + yuan(1n))
    expect(await on.faults()).toEqual([])
  })
})

describe('a payment for one of two books', () => {
  it('sent again after its reply was lost and the route has changed, is one payment in its first book', async () => {
    const other = 'Second pool'
    on = await railsWorld({ pools: { alipay: other } })
    const there = await on.account(on.book(other), '2241.02')
    const body = {
      destination: [on.buyer, there],
      amount: money(yuan(300n)),
      subject: '定金',
      methods: ['wechat_native', 'alipay_qr'],
    }
    const lost = await on.call('POST', '/v1/payments', body, 'lost')
    expect(lost).toMatchObject({ status: 201, body: { destination: on.buyer } })
    const rules = on.parts.routing.activeRules().document
    const changed = {
      ...rules,
      rules: [
        {
          id: 'no-wechat',
          title: { zh: '停用微信', en: 'No WeChat' },
          when: 'direction == "collect"',
          // biome-ignore lint/suspicious/noThenProperty: the word of a rule
          then: { exclude: ['wechat-pay'] },
        },
      ],
    }
    const kept = await on.parts.routing.keep(changed, 'the rail is down')
    if ('problems' in kept) throw new Error(JSON.stringify(kept.problems))
    await on.parts.routing.activate(kept.version, 'anna')
    const again = await on.call('POST', '/v1/payments', body, 'lost')
    expect(again).toMatchObject({ status: 200, body: { id: lost.body.id, destination: on.buyer } })
    const fresh = await on.call('POST', '/v1/payments', body, 'fresh')
    expect(fresh).toMatchObject({ status: 201, body: { destination: there } })
    expect(accountId(there)).not.toBe(accountId(on.buyer))
    const made = await on.database.db.query('select 1 from payments.pay_in')
    expect(made).toHaveLength(2)
    expect(on.rails['wechat-pay'].admin.orders()).toHaveLength(1)
    expect(await on.faults()).toEqual([])
  })
})
