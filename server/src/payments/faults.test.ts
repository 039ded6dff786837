/** What rails and payers do to a pay-in; the rail's own book is the judge. */
import { afterAll, describe, expect, test } from 'vitest'
import { MINUTE, opened, payInStage } from './testing/pay-ins.ts'

const stage = await payInStage()
const { added, attemptsOf, callBack, exceptionsOf, factsOf, judged, left, open, payIn, sweep } =
  stage
const on = stage.on

afterAll(() => on.stop())

describe('callbacks', () => {
  test('fifty at once have one effect and fifty equal replies', async () => {
    const { id, attempt } = await open('fifty')
    on.rail.finish(attempt.reference)
    const gain = await added(async () => {
      const all = await Promise.all(Array.from({ length: 50 }, () => callBack(attempt.reference)))
      expect(new Set(all.map((each) => JSON.stringify(each))).size).toBe(1)
      expect(all[0]?.taken).toBe(true)
    })
    expect(gain).toEqual([10_000n, 0n, 0n])
    expect(await factsOf(id)).toHaveLength(1)
  })

  test('five events in all 120 orders end in what the rail has moved', async () => {
    const events = ['pays', 'callback', 'question', 'close', 'callback again'] as const
    for (const [index, order] of permutations(events).entries()) {
      const { id, attempt } = await open(`order ${index}`, { amount: 1_000n + BigInt(index) })
      const gain = await added(async () => {
        for (const event of order) {
          if (event === 'pays') on.rail.finish(attempt.reference)
          else if (event === 'question') await on.payments.desk.askNow(on.book, attempt.id)
          else if (event === 'close') await on.payments.closePayIn({ book: on.book, id })
          else await callBack(attempt.reference)
        }
        // The rail's last word, as its file would bring it.
        await callBack(attempt.reference)
      })
      const closedFirst = order.indexOf('close') < order.indexOf('pays')
      const amount = 1_000n + BigInt(index)
      expect(gain, order.join(', ')).toEqual(
        closedFirst ? [0n, amount, amount] : [amount, 0n, amount],
      )
      expect((await payIn(id)).state).toBe(closedFirst ? 'closed' : 'succeeded')
      const kinds = (await exceptionsOf(id)).map(({ kind }) => kind)
      expect(kinds).toEqual(closedFirst ? ['late_success'] : [])
    }
    const { rails, books } = await judged()
    expect(books).toBe(rails)
  }, 30_000)

  test.each([
    ['amount_differs', 'by 1 fen', { amount: 10_001n }],
    ['amount_differs', '100 times', { amount: 1_000_000n }],
    ['currency_differs', 'in another currency', { currency: 'USD' }],
  ] as const)('%s: told %s, nothing moves and both values are kept', async (kind, how, told) => {
    const { id, attempt } = await open(`differs ${how}`)
    on.rail.finish(attempt.reference)
    const gain = await added(async () => {
      for (let again = 0; again < 3; again += 1) {
        await on.payments.takeCallback('rail', on.rail.callback(attempt.reference, told))
      }
    })
    expect(gain).toEqual([0n, 0n, 0n])
    expect((await payIn(id)).state).toBe('open')
    const [exception, ...more] = await exceptionsOf(id)
    expect(more).toEqual([])
    expect(exception).toMatchObject({ kind, seen: 3 })
    const text = JSON.stringify(exception?.evidence)
    expect(text).toContain(kind === 'currency_differs' ? 'CNY' : '10000')
    expect(text).toContain(String('amount' in told ? told.amount : told.currency))
    await callBack(attempt.reference)
    expect((await payIn(id)).state).toBe('succeeded')
  })

  test('a signed callback about an order of another channel or of nobody is not taken', async () => {
    const { attempt } = await open('other order')
    const stray = { ...on.rail.orders.get(attempt.reference)!, kind: 'refund' as const }
    const { reference } = attempt
    const outcome = { result: 'succeeded' as const, code: 'OK', message: '' }
    const about = { kind: 'outcome' as const, id: 'x', direction: 'collect' as const, reference }
    const other = on.other.signed({ ...about, outcome })
    expect(await on.payments.takeCallback('other', other)).toMatchObject({
      taken: false,
      refused: 'other_order',
    })
    const refund = on.rail.signed({ ...about, direction: stray.kind, outcome })
    expect(await on.payments.takeCallback('rail', refund)).toMatchObject({ refused: 'other_order' })
    const nobody = on.rail.signed({ ...about, reference: 'T00000100000000000000000', outcome })
    expect(await on.payments.takeCallback('rail', nobody)).toMatchObject({
      refused: 'unknown_order',
    })
  })
})

describe('what is unknown', () => {
  test('a lost reply is asked about and never sent again', async () => {
    on.rail.faults.push('lost_reply')
    const { id, attempt } = await open('lost reply')
    expect(attempt.state).toBe('unknown')
    await sweep(20_000)
    expect((await attemptsOf(id))[0]).toMatchObject({ state: 'accepted' })
    on.rail.finish(attempt.reference)
    const gain = await added(() => sweep(5 * MINUTE))
    expect(gain).toEqual([10_000n, 0n, 0n])
    expect(on.rail.arrivals.get(attempt.reference)).toBe(1)
    expect((await payIn(id)).state).toBe('succeeded')
  })

  test('an adapter that breaks leaves it unknown', async () => {
    on.rail.faults.push('throws')
    const { attempt } = await open('adapter breaks')
    expect([attempt.state, attempt.code]).toEqual(['unknown', 'ADAPTER_FAILED'])
  })

  test('"not found" counts after the cut-off only, and twice', async () => {
    on.rail.faults.push('lost_request')
    const { id, attempt } = await open('lost request')
    const sentBy = attempt.sendBefore!
    await on.sweeper.sweepUntil(sentBy + 69_999)
    expect((await attemptsOf(id))[0]).toMatchObject({ state: 'unknown', notFound: 0 })
    const seen: string[] = []
    while (seen.at(-1) !== 'failed 1' && seen.length < 10) {
      await on.sweeper.sweepUntil((await on.sweeper.nextDueAt())!)
      const [now] = await attemptsOf(id)
      seen.push(`${now!.state} ${now!.notFound}`)
    }
    expect(seen).toContain('unknown 1')
    expect(seen.at(-1)).toBe('failed 1')
    expect(await factsOf(id)).toMatchObject([{ result: 'failed' }])
  })

  test('an order hidden beyond all waits that is paid after all is booked and reported', async () => {
    on.rail.hiddenMs = 20 * MINUTE
    on.rail.faults.push('lost_reply')
    const { id, attempt } = await open('hidden')
    on.rail.hiddenMs = 0
    await sweep(15 * MINUTE)
    expect((await attemptsOf(id))[0]?.state).toBe('failed')
    on.rail.finish(attempt.reference)
    const gain = await added(async () => {
      await callBack(attempt.reference)
      await callBack(attempt.reference)
    })
    expect(gain).toEqual([10_000n, 0n, 0n])
    expect((await exceptionsOf(id)).map(({ kind }) => kind)).toEqual(['hidden_then_found'])
    expect((await payIn(id)).state).toBe('succeeded')
  })

  test('what stays open is overdue once, and paid after all it counts once more', async () => {
    on.rail.hiddenMs = 600 * MINUTE
    on.rail.faults.push('lost_reply')
    const { id, attempt } = await open('doubt', {
      expiresAt: on.world.clock.now() + 300 * MINUTE,
    })
    on.rail.hiddenMs = 0
    on.rail.orders.get(attempt.reference)!.state = 'processing'
    on.rail.orders.get(attempt.reference)!.hiddenUntil = 0
    // It answers, but nothing that would end it: the state stays as it is.
    await sweep(120 * MINUTE)
    expect(await factsOf(id)).toMatchObject([{ result: 'overdue' }])
    on.rail.finish(attempt.reference)
    await callBack(attempt.reference)
    expect((await factsOf(id)).map(({ result }) => result)).toEqual(['overdue', 'succeeded'])
  })
})

describe('several channels', () => {
  test('a channel out of reach is passed over, for it never saw the order', async () => {
    on.rail.faults.push('refused_connection')
    const { id, attempts } = await open('down', { methods: ['wechat_native'] })
    expect(attempts.map(({ channel, state, code }) => [channel, state, code])).toEqual([
      ['rail', 'failed', 'NEVER_SENT'],
      ['other', 'accepted', 'WAIT'],
    ])
    expect(on.rail.arrivals.get(attempts[0]!.reference)).toBeUndefined()
    on.other.finish(attempts[1]!.reference)
    await callBack(attempts[1]!.reference, on.other)
    expect((await payIn(id)).state).toBe('succeeded')
  })

  test.each([
    ['OTHER_DOWN', ['rail', 'other']],
    ['USER_LEFT', ['rail']],
  ])('after %s the order goes to %j', async (code, channels) => {
    on.rail.faults.push('fails')
    on.rail.failCode = code
    const { attempts } = await open(`fails ${code}`)
    expect(attempts.map(({ channel }) => channel)).toEqual(channels)
  })

  test('an unknown one is never replaced by another channel', async () => {
    on.rail.faults.push('lost_request')
    const { attempts } = await open('stays put')
    expect(attempts.map(({ channel, state }) => [channel, state])).toEqual([['rail', 'unknown']])
  })

  test('paid on two channels: the second goes to suspense and is reported', async () => {
    const { id, attempt: first } = await open('twice')
    const pay = { methods: ['alipay_qr' as const], bank: '', accountType: '' as const }
    const at = { book: on.book, id, attemptId: 'a'.repeat(32) }
    const { attempts } = opened(await on.payments.attemptPayIn(at, pay))
    const second = attempts[1]!
    expect(opened(await on.payments.attemptPayIn(at, pay)).replayed).toBe(true)
    on.rail.finish(first.reference)
    on.other.finish(second.reference)
    const gain = await added(async () => {
      await callBack(second.reference, on.other)
      await callBack(first.reference)
      await sweep(MINUTE)
    })
    expect(gain).toEqual([10_000n, 10_000n, 0n])
    const kinds = (await exceptionsOf(id)).map(({ kind, about }) => [kind, about])
    expect(kinds).toEqual([['paid_twice', `att_${on.book}_${first.id}`]])
    expect(await payIn(id)).toMatchObject({ state: 'succeeded', paidBy: second.id })
  })

  test('paid on one channel: the open order at the other is closed there', async () => {
    const { id, attempt: first } = await open('close other')
    const pay = { methods: ['alipay_qr' as const], bank: '', accountType: '' as const }
    const at = { book: on.book, id, attemptId: 'c'.repeat(32) }
    opened(await on.payments.attemptPayIn(at, pay))
    on.rail.finish(first.reference)
    await callBack(first.reference)
    await sweep(1_000)
    const [, second] = await attemptsOf(id)
    expect(on.other.orders.get(second!.reference)?.state).toBe('closed')
    expect(await payIn(id)).toMatchObject({ state: 'succeeded', openAttempts: 0 })
  })
})

describe('time', () => {
  test('an unpaid order is closed at the rail, then here', async () => {
    const { id, attempt } = await open('expires')
    await sweep(31 * MINUTE)
    expect(on.rail.orders.get(attempt.reference)?.state).toBe('closed')
    expect(await payIn(id)).toMatchObject({ state: 'closed', openAttempts: 0 })
  })

  test('paid in the last second and the callback lost: the question finds it', async () => {
    const { id, attempt } = await open('last second')
    await sweep(29 * MINUTE)
    on.rail.finish(attempt.reference)
    const gain = await added(() => sweep(10 * MINUTE))
    expect(gain).toEqual([10_000n, 0n, 0n])
    expect((await payIn(id)).state).toBe('succeeded')
  })

  test('a rail that cannot close keeps the payment open until it has spoken', async () => {
    on.rail.closes = false
    const { id, attempt } = await open('cannot close')
    await sweep(40 * MINUTE)
    expect((await payIn(id)).state).toBe('open')
    on.rail.closes = true
    on.rail.fail(attempt.reference, 'EXPIRED')
    await sweep(600 * MINUTE)
    expect((await payIn(id)).state).toBe('closed')
  })

  test('a payment whose account was closed meanwhile goes to suspense, and ends with its time', async () => {
    const destination = 'd'.repeat(32)
    const writer = on.ledger.writer(on.book)
    const account = { id: destination, code: '2241.02', name: 'Gone' }
    await writer.submit({ roots: [], open: [account] })
    const { id, attempt } = await open('account closed', { destination })
    await writer.submit({ roots: [], change: [{ account: destination, state: 'closed' }] })
    on.rail.finish(attempt.reference)
    const gain = await added(() => callBack(attempt.reference))
    expect(gain).toEqual([0n, 10_000n, 0n])
    await sweep(31 * MINUTE)
    expect(await payIn(id)).toMatchObject({ state: 'closed', openAttempts: 0 })
  })

  test('money after closing is kept where the policy says so', async () => {
    const { id, attempt } = await open('attach', { late: 'attach' })
    await on.payments.closePayIn({ book: on.book, id })
    on.rail.finish(attempt.reference)
    const gain = await added(() => callBack(attempt.reference))
    expect(gain).toEqual([10_000n, 0n, 0n])
    expect((await payIn(id)).state).toBe('succeeded')
  })
})

test('in the end every account proves, and nothing that is final is still asked about', async () => {
  const { rails, books } = await judged()
  expect(books).toBe(rails)
  expect(await left()).toEqual({ proofs: [], asked: [] })
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [
      item,
      ...rest,
    ]),
  )
}
