/** What our own crashes, delays and races do to a pay-in; the rail's own book is the judge. */
import { afterAll, describe, expect, test, vi } from 'vitest'
import { MINUTE, opened, payInStage } from './testing/pay-ins.ts'

const stage = await payInStage()
const { added, attemptsOf, callBack, committed, judged, left, open, payIn, sweep } = stage
const on = stage.on

afterAll(() => on.stop())

describe('crashes', () => {
  test('before the socket: it never left, and is found out by asking', async () => {
    on.rail.beforeSend = () => new Promise(() => undefined)
    const wanted = on.wanted('crash before send')
    void on.payments.openPayIn(wanted)
    await committed(wanted.id)
    on.restart()
    await sweep(30 * MINUTE)
    const [attempt] = await attemptsOf(wanted.id)
    expect([attempt!.state, on.rail.arrivals.has(attempt!.reference)]).toEqual(['failed', false])
    expect((await payIn(wanted.id)).state).toBe('closed')
  })

  test('a sender that sleeps through its window sends nothing', async () => {
    let wake = () => {}
    on.rail.beforeSend = () =>
      new Promise((resolve) => {
        wake = resolve
      })
    const wanted = on.wanted('sleeps')
    const opening = on.payments.openPayIn(wanted)
    await committed(wanted.id)
    await sweep(16_000)
    wake()
    const { attempts } = opened(await opening)
    expect(attempts[0]?.state).toBe('unknown')
    expect(on.rail.arrivals.has(attempts[0]!.reference)).toBe(false)
  })

  test('nothing is sent after the time to pay is over, however wide the window', async () => {
    let wake = () => {}
    on.rail.beforeSend = () =>
      new Promise((resolve) => {
        wake = resolve
      })
    const wanted = on.wanted('sleeps to the end', { expiresAt: on.world.clock.now() + 1_000 })
    const opening = on.payments.openPayIn(wanted)
    await committed(wanted.id)
    await sweep(1_000)
    wake()
    const { attempts } = opened(await opening)
    expect(attempts.map(({ channel, state, code }) => [channel, state, code])).toEqual([
      ['rail', 'failed', 'NEVER_SENT'],
    ])
    expect(on.rail.arrivals.has(attempts[0]!.reference)).toBe(false)
  })

  test('after the rail acted: asked, paid, booked once', async () => {
    on.rail.faults.push('hangs')
    const wanted = on.wanted('crash after send')
    void on.payments.openPayIn(wanted)
    await committed(wanted.id)
    on.restart()
    await sweep(MINUTE)
    const [attempt] = await attemptsOf(wanted.id)
    expect(attempt?.state).toBe('accepted')
    on.rail.finish(attempt!.reference)
    const gain = await added(() => sweep(10 * MINUTE))
    expect(gain).toEqual([10_000n, 0n, 0n])
    // The caller sends the request again: the same payment, in its present state.
    const again = opened(await on.payments.openPayIn(wanted))
    expect([again.replayed, again.payIn.state]).toEqual([true, 'succeeded'])
    expect(on.rail.arrivals.get(attempt!.reference)).toBe(1)
  })

  test('after the callback was committed: told again, another server says the same', async () => {
    const { attempt } = await open('crash after callback')
    on.rail.finish(attempt.reference)
    await callBack(attempt.reference)
    on.restart()
    const gain = await added(() => callBack(attempt.reference))
    expect(gain).toEqual([0n, 0n, 0n])
  })
})

describe('two at once', () => {
  test('two more attempts under two keys are numbered one after the other', async () => {
    const { id } = await open('two attempts')
    const pay = { methods: ['wechat_native' as const], bank: '', accountType: '' as const }
    await Promise.all(
      ['d', 'e', 'f'].map((digit) =>
        on.payments.attemptPayIn({ book: on.book, id, attemptId: digit.repeat(32) }, pay),
      ),
    )
    expect((await attemptsOf(id)).map(({ number }) => number)).toEqual([1, 2, 3, 4])
  })

  test('closing and paying at the same time end in one of the two, with the money right', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id, attempt } = await open(`race ${round}`)
      on.rail.finish(attempt.reference)
      const gain = await added(() =>
        Promise.all([
          on.payments.closePayIn({ book: on.book, id }),
          callBack(attempt.reference),
          on.payments.desk.askNow(on.book, attempt.id),
        ]),
      )
      expect(gain).toEqual([10_000n, 0n, 0n])
      expect((await payIn(id)).state).toBe('succeeded')
    }
  })

  test('a callback that ends an attempt while it is asked about ends the questions', async () => {
    on.rail.faults.push('lost_reply')
    const { id, attempt } = await open('question overtaken')
    const { query } = on.rail.channel
    vi.spyOn(on.rail.channel, 'query').mockImplementation(async (question) => {
      const answer = await query(question)
      if (question.reference !== attempt.reference) return answer
      on.rail.finish(attempt.reference)
      await callBack(attempt.reference)
      expect(answer.result).toBe('accepted')
      return answer
    })
    const warnings = vi.spyOn(on.world.log, 'warn')
    await sweep(MINUTE)
    expect(warnings).not.toHaveBeenCalled()
    vi.restoreAllMocks()
    expect((await payIn(id)).state).toBe('succeeded')
  })

  test('a rail that speaks of an order we take for unsent is told to say it again', async () => {
    const told = await open('told too soon')
    const { id, attempt } = told
    const { channel, owner, direction, method, amount, currency, validUntil } = attempt
    const later = {
      ...{ orgId: 1, id: 'b'.repeat(32), channel, owner, direction, method, amount, currency },
      ...{ number: 2, bank: '', accountType: '' as const, at: attempt.at, validUntil },
      route: undefined,
    }
    const { desk } = on.payments
    await on.ledger.writer(on.book).submit({ roots: [], effects: desk.intend(on.book, later) })
    const { reference } = desk.fresh(on.book, later)
    const { wanted } = told
    const order = { reference, at: attempt.at, amount, currency, method: 'wechat_native' as const }
    await on.rail.channel.collect!(
      { ...order, subject: wanted.subject, expiresAt: wanted.expiresAt },
      { sendBeforeMono: on.world.clock.mono() + 1_000 },
    )
    on.rail.finish(reference)
    expect(await callBack(reference)).toMatchObject({ taken: false, refused: 'not_sent' })
    await sweep(MINUTE)
    const gain = await added(async () => {
      expect(await callBack(reference)).toMatchObject({ taken: true })
    })
    expect(gain).toEqual([10_000n, 0n, 0n])
    expect(await payIn(id)).toMatchObject({ state: 'succeeded', paidBy: later.id })
  })
})

test('in the end every account proves, and nothing that is final is still asked about', async () => {
  const { rails, books } = await judged()
  expect(books).toBe(rails)
  expect(await left()).toEqual({ proofs: [], asked: [] })
})
