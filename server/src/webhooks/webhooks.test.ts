/** Sending: what is told to whom, in which order, how long, and what stops it. */
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { publicTypeOf } from './event-types.ts'
import { RETRY_WAITS_MS } from './schedule.ts'
import {
  BOOK,
  ORG,
  openStage,
  payoutEvent,
  type Received,
  type Stage,
  type StageOptions,
} from './testing/stage.ts'

const HOUR = 3_600_000
let on: Stage
beforeAll(async () => {
  on = await openStage()
})
beforeEach(() => on.reset())
afterAll(() => on.close())

/** Runs a test on a stage of its own. */
async function onAnother(options: StageOptions, work: () => Promise<void>): Promise<void> {
  const usual = on
  on = await openStage(options)
  try {
    await work()
  } finally {
    await on.close()
    on = usual
  }
}

const idOf = ({ headers }: Received) => String(headers['webhook-id'])
const told = ({ body }: Received) => {
  const { type, data } = JSON.parse(body) as { type: string; data: { payout: string } }
  return `${data.payout} ${type.split('.')[1]}`
}
const verify = (secret: string, { body, headers }: Received) =>
  new Webhook(secret).verify(body, headers as Record<string, string>)
const deliveries = () =>
  on.rows<{ state: string; attempts: number }>(
    'select state, attempts from webhooks.delivery order by seq, n, created_at',
  )

describe('a delivery', () => {
  test('tells what happened, signed so that the standard library verifies it', async () => {
    const { secret } = await on.endpoint({ events: ['payout.*'] })
    await on.record([payoutEvent('pout_12_a', 'succeeded', '680000000')])
    await on.settle()
    expect(on.received).toHaveLength(1)
    const [one] = on.received as [Received]
    expect(verify(secret, one)).toEqual({
      id: idOf(one),
      type: 'payout.succeeded',
      created: new Date(on.world.clock.now()).toISOString(),
      data: {
        payout: 'pout_12_a',
        amount: { amount: '680000000', currency: 'CNY' },
        purpose: 'payout',
        about: null,
      },
      org: 'org_0_7',
      api_version: '2026-11-01',
    })
    expect(idOf(one)).toMatch(/^evt_12_[0-9a-f]{32}$/)
    expect(one.headers['webhook-replay']).toBeUndefined()
    expect(() => verify(secret, { ...one, body: `${one.body} ` })).toThrow('No matching signature')
    expect(await deliveries()).toEqual([{ state: 'delivered', attempts: 1 }])
    expect(await on.sweeper.nextDueAt()).toBeUndefined()
  })

  test('goes to the endpoints that want its type, of its organisation and merchant alone', async () => {
    await on.endpoint({ path: '/all' })
    await on.endpoint({ path: '/payouts', events: ['payout.*', 'refund.created'] })
    await on.endpoint({ path: '/failures', events: ['payout.failed'] })
    await on.endpoint({ path: '/others', caller: { orgId: ORG + 1 } })
    await on.endpoint({ path: '/theirs', caller: { merchant: 'mch_0_a' } })
    await on.endpoint({ path: '/third', caller: { merchant: 'mch_0_b' } })
    const succeeded = payoutEvent('pout_12_a', 'succeeded')
    const payload = { ...(succeeded.payload as object), merchant: 'mch_0_a' }
    await on.record([{ ...succeeded, payload }, payoutEvent('pout_12_b', 'failed')])
    await on.settle()
    expect(on.received.map((one) => `${one.path} ${told(one)}`).sort()).toEqual([
      '/all pout_12_a succeeded',
      '/all pout_12_b failed',
      '/failures pout_12_b failed',
      '/payouts pout_12_a succeeded',
      '/payouts pout_12_b failed',
      '/theirs pout_12_a succeeded',
    ])
    expect(on.received.every(({ body }) => !body.includes('mch_0_a'))).toBe(true)
  })

  test('is not made of what stays inside, nor of the installation’s own', async () => {
    await on.endpoint()
    await on.record([
      { kind: 'payments.movement_sent', aggregate: 'movement_1', orgId: ORG, payload: {} },
      { ...payoutEvent('pout_12_a', 'failed'), orgId: 0 },
    ])
    await on.settle()
    expect(on.received).toEqual([])
    expect(publicTypeOf('payments.movement_sent')).toBeUndefined()
  })

  test('is one, however often the outbox delivers its event', async () => {
    await on.endpoint()
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.pump()
    await on.rows(`delete from base.outbox_cursor where subscriber = 'webhooks'`)
    expect(await on.pump()).toBe(1)
    await on.settle()
    await on.rows(`delete from base.outbox_cursor where subscriber = 'webhooks'`)
    await on.settle()
    expect(on.received).toHaveLength(1)
  })

  test('whose payload does not fit its contract is parked and not sent', async () => {
    await on.endpoint()
    const bad = payoutEvent('pout_12_a', 'failed', '-5')
    await on.record([bad, payoutEvent('pout_12_b', 'failed')])
    await on.settle()
    expect(on.received.map(told)).toEqual(['pout_12_b failed'])
    const held = await on.rows('select last_error from base.outbox_held')
    expect(held).toEqual([{ last_error: expect.stringContaining('payout.failed') }])
  })
})

describe('in order', () => {
  test('later events of an aggregate wait behind one that fails, others flow', async () => {
    await on.endpoint({ path: '/a' })
    await on.endpoint({ path: '/b' })
    let isDown = true
    on.answer = (one) =>
      isDown && one.path === '/a' && told(one).startsWith('pout_12_x')
        ? { status: 503 }
        : { status: 200 }
    await on.record([
      payoutEvent('pout_12_x', 'processing'),
      payoutEvent('pout_12_y', 'processing'),
    ])
    await on.record([payoutEvent('pout_12_x', 'succeeded'), payoutEvent('pout_12_y', 'failed')])
    await on.settle()
    const at = (path: string) => on.received.filter((one) => one.path === path).map(told)
    expect(at('/a').sort()).toEqual([
      'pout_12_x processing',
      'pout_12_y failed',
      'pout_12_y processing',
    ])
    expect(at('/b')).toHaveLength(4)
    isDown = false
    on.received.length = 0
    await on.sweeper.sweepUntil(on.world.clock.now() + 5_000)
    expect(at('/a')).toEqual(['pout_12_x processing', 'pout_12_x succeeded'])
    expect(at('/b')).toEqual([])
    expect(await deliveries()).toHaveLength(8)
  })

  test('under failures of all kinds each receiver sees every aggregate in order', async () => {
    await on.endpoint()
    const failures = [{ status: 500 }, 'hang up', { status: 302 }, { status: 404 }] as const
    const good = new Map<string, string[]>()
    let dice = 7
    on.answer = (one) => {
      dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648
      const failure = dice % 3 === 0 ? failures[dice % 4] : undefined
      if (failure !== undefined) return failure
      const [payout = '', what = ''] = told(one).split(' ')
      good.set(payout, [...(good.get(payout) ?? []), what])
      return { status: 200 }
    }
    const steps = [
      'waiting_for_approval',
      'waiting_for_cash',
      'processing',
      'succeeded',
      'returned',
    ]
    const payouts = Array.from({ length: 8 }, (_, n) => `pout_12_${n}`)
    for (const step of steps) {
      await on.record(payouts.map((payout) => payoutEvent(payout, step)))
      await on.settle()
    }
    await on.sweeper.sweepUntil(on.world.clock.now() + 80 * HOUR)
    expect(on.received.length).toBeGreaterThan(45)
    for (const payout of payouts) expect(good.get(payout)).toEqual(steps)
  })
})

describe('a receiver that does not take it', () => {
  test('is tried eleven times over 75 hours by the clock, and then it is a dead letter', async () => {
    await on.endpoint()
    on.answer = () => ({ status: 500, body: 'no \0 room' })
    const start = on.world.clock.now()
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    await on.sweeper.sweepUntil(start + 200 * HOUR)
    const waits = on.received.map(({ at }) => at - start)
    const expected = [0]
    for (const wait of RETRY_WAITS_MS) expected.push(expected.at(-1)! + wait)
    expect(waits).toEqual(expected)
    expect(waits.slice(0, 5)).toEqual([0, 5_000, 65_000, 365_000, 2_165_000])
    expect(waits.at(-1)).toBe(75 * HOUR)
    expect(new Set(on.received.map(idOf)).size).toBe(1)
    expect(new Set(on.received.map(({ body }) => body)).size).toBe(1)
    expect(await deliveries()).toEqual([{ state: 'dead', attempts: 11 }])
    expect(
      await on.rows('select number, status, reply from webhooks.attempt where number = 11'),
    ).toEqual([{ number: 11, status: 500, reply: 'no \uFFFD room' }])
    expect(await on.sweeper.nextDueAt()).toBeUndefined()
    // A dead letter holds nothing up.
    on.answer = () => ({ status: 200 })
    await on.record([payoutEvent('pout_12_a', 'returned')])
    await on.settle()
    expect(told(on.received.at(-1)!)).toBe('pout_12_a returned')
  })

  test('that fails for five days is disabled, says so, and goes on where it stopped', async () => {
    const { id } = await on.endpoint({ path: '/down', events: ['payout.*'] })
    await on.endpoint({ path: '/watch', events: ['webhook_endpoint.disabled'] })
    on.answer = ({ path }) => ({ status: path === '/down' ? 500 : 200 })
    const start = on.world.clock.now()
    await on.record([payoutEvent('pout_12_a', 'processing')])
    await on.settle()
    await on.sweeper.sweepUntil(start + 76 * HOUR)
    await on.record([payoutEvent('pout_12_b', 'processing')])
    await on.settle()
    await on.sweeper.sweepUntil(start + 6 * 24 * HOUR)
    await on.settle()
    const watched = on.received.filter(({ path }) => path === '/watch')
    expect(watched.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
      { data: { endpoint: `whk_0_${id}`, because: 'failing' } },
    ])
    const audit = await on.rows('select action, object from audit.entry where book_id = 0')
    expect(audit).toContainEqual({ action: 'webhooks.disable_endpoint', object: `whk_0_${id}` })
    // Nothing is sent while it is disabled, and nothing is lost.
    on.received.length = 0
    await on.record([payoutEvent('pout_12_b', 'succeeded')])
    await on.settle()
    await on.sweeper.sweepUntil(start + 9 * 24 * HOUR)
    expect(on.received.filter(({ path }) => path === '/down')).toEqual([])
    on.answer = () => ({ status: 200 })
    const enabled = await on.webhooks.endpoints.enable(id, on.by())
    expect(enabled).toMatchObject({ state: 'enabled', failures: 0 })
    await on.settle()
    const down = on.received.filter(({ path }) => path === '/down').map(told)
    expect(down).toEqual(['pout_12_b processing', 'pout_12_b succeeded'])
  })

  test('that fails often enough in a row is disabled, and one success in between keeps it', async () => {
    await onAnother({ giveUp: { failingMs: 5 * 24 * HOUR, failures: 3 } }, async () => {
      await on.endpoint()
      const state = async () => (await on.rows('select state, failures from webhooks.endpoint'))[0]
      const fails = async (payouts: readonly string[], status: number) => {
        on.answer = () => ({ status })
        await on.record(payouts.map((payout) => payoutEvent(payout, 'failed')))
        await on.settle()
      }
      await fails(['pout_12_a', 'pout_12_b'], 500)
      expect(await state()).toEqual({ state: 'enabled', failures: 2 })
      await fails(['pout_12_c'], 200)
      expect(await state()).toEqual({ state: 'enabled', failures: 0 })
      await fails(['pout_12_d', 'pout_12_e', 'pout_12_f'], 500)
      expect(await state()).toEqual({ state: 'disabled', failures: 3 })
    })
  })

  test('that says 410 is disabled at once and gets nothing more', async () => {
    const { id } = await on.endpoint()
    on.answer = () => ({ status: 410 })
    await on.record([payoutEvent('pout_12_a', 'failed'), payoutEvent('pout_12_b', 'failed')])
    await on.settle()
    expect(on.received).toHaveLength(1)
    expect(await on.rows('select id, disabled_because from webhooks.endpoint')).toEqual([
      { id, disabled_because: 'gone' },
    ])
    await on.record([payoutEvent('pout_12_c', 'failed')])
    await on.settle()
    expect(await deliveries()).toHaveLength(2)
  })

  test('is tried at once when a person enables it again, and not twice', async () => {
    const { id } = await on.endpoint()
    on.answer = () => ({ status: 500 })
    await on.record([payoutEvent('pout_12_a', 'failed')])
    await on.settle()
    await on.webhooks.endpoints.disable(id, on.by())
    await on.webhooks.endpoints.enable(id, on.by())
    on.answer = () => ({ status: 200 })
    await on.settle()
    expect(on.received).toHaveLength(2)
    await on.sweeper.sweepUntil(on.world.clock.now() + 80 * HOUR)
    expect(on.received).toHaveLength(2)
    expect(await deliveries()).toEqual([{ state: 'delivered', attempts: 2 }])
    expect(await on.sweeper.nextDueAt()).toBeUndefined()
  })

  test('by redirect or by an address that has become private is told why', async () => {
    const addresses = ['127.0.0.1']
    await onAnother({ resolve: async () => addresses }, async () => {
      const { url } = on
      const outcome = await on.webhooks.endpoints.make(
        {
          url: url.replace('127.0.0.1', 'localhost'),
          events: ['*'],
          merchant: '',
          description: '',
        },
        on.keyed(),
        on.by(),
      )
      expect(outcome).toMatchObject({ endpoint: { state: 'enabled' } })
      on.answer = () => ({ status: 307, headers: { location: 'http://169.254.169.254/' } })
      await on.record([payoutEvent('pout_12_a', 'failed')])
      await on.settle()
      addresses[0] = '10.0.0.8'
      await on.sweeper.sweepUntil(on.world.clock.now() + 5_000)
      expect(on.received).toHaveLength(1)
      expect(await on.rows('select status, error from webhooks.attempt order by number')).toEqual([
        { status: 307, error: 'Redirects are not followed; register the address it leads to.' },
        { status: null, error: expect.stringMatching(/^address_/) },
      ])
    })
  })
})

test('a crash between sending and recording sends again, with the same id', async () => {
  await on.endpoint()
  const { db } = on.world
  const { tx } = db
  await on.record([payoutEvent('pout_12_a', 'failed')])
  await on.pump()
  // The receiver has it, and then the database is gone before anything is written.
  on.answer = () => {
    db.tx = () => Promise.reject(new Error('the process is gone'))
    return { status: 200 }
  }
  await on.sweeper.sweepNow()
  db.tx = tx
  on.answer = () => ({ status: 200 })
  expect(await deliveries()).toEqual([{ state: 'waiting', attempts: 0 }])
  await on.sweeper.sweepUntil(on.world.clock.now() + 120_000)
  expect(on.received).toHaveLength(2)
  expect(new Set(on.received.map(idOf)).size).toBe(1)
  expect(await deliveries()).toEqual([{ state: 'delivered', attempts: 1 }])
})

test('two servers that sweep at once send each event once and in order', async () => {
  await on.endpoint()
  const steps = ['waiting_for_approval', 'processing', 'succeeded']
  const payouts = ['pout_12_a', 'pout_12_b', 'pout_12_c']
  for (const step of steps) await on.record(payouts.map((payout) => payoutEvent(payout, step)))
  await on.pump()
  await Promise.all([on.sweeper.sweepNow(), on.sweeper.sweepNow(), on.sweeper.sweepNow()])
  await on.sweeper.sweepNow()
  expect(on.received).toHaveLength(9)
  for (const payout of payouts) {
    const seen = on.received.map(told).filter((one) => one.startsWith(payout))
    expect(seen).toEqual(steps.map((step) => `${payout} ${step}`))
  }
  expect(BOOK).toBe(12)
})

test('what comes while the one before it is being sent is not forgotten', async () => {
  await on.endpoint({ path: '/a' })
  await on.endpoint({ path: '/b', events: ['payout.*'] })
  const rounds = 30
  let isOver = false
  const telling = async () => {
    for (let round = 0; round < rounds; round += 1) {
      await on.record(['pout_12_a', 'pout_12_b'].map((payout) => payoutEvent(payout, 'processing')))
      await on.pump()
    }
    isOver = true
  }
  const sweeping = async () => {
    while (!isOver) await on.sweeper.sweepNow()
  }
  await Promise.all([telling(), sweeping(), sweeping(), sweeping()])
  // Nothing is planned anew from here on: what was forgotten stays waiting.
  while ((await on.sweeper.sweepNow()) > 0);
  expect(
    await on.rows(`select count(*)::int as n from webhooks.delivery where state = 'waiting'`),
  ).toEqual([{ n: 0 }])
  expect(on.received).toHaveLength(4 * rounds)
})

test('an event told just as the last one of its lane ends is not forgotten', async () => {
  await on.endpoint()
  const { db } = on.world
  const { tx } = db
  const telling: Promise<number>[] = []
  let commit = () => {}
  const committing = new Promise<void>((resolve) => {
    commit = resolve
  })
  // While the first is being received, the second is told in a tx that does not commit yet.
  on.answer = async () => {
    on.answer = () => ({ status: 200 })
    await new Promise<void>((written) => {
      db.tx = (work) => {
        db.tx = tx
        return tx(async (inner) => {
          const result = await work(inner)
          written()
          await committing
          return result
        })
      }
      telling.push(on.pump())
    })
    return { status: 200 }
  }
  await on.record([payoutEvent('pout_12_a', 'processing')])
  await on.pump()
  await on.record([payoutEvent('pout_12_a', 'succeeded')])
  const sweeping = on.sweeper.sweepNow()
  // Either what ends the first waits for the second, or it has found nothing more in the lane.
  for (let isDecided = false; !isDecided; ) {
    const [row] = await on.rows<{ decided: boolean }>(
      `select exists (select from pg_locks where locktype = 'advisory' and not granted)
         or not exists (select from base.due) as decided`,
    )
    isDecided = row!.decided
  }
  commit()
  await Promise.all([sweeping, ...telling])
  await on.sweeper.sweepNow()
  expect(on.received.map(told)).toEqual(['pout_12_a processing', 'pout_12_a succeeded'])
})

test('what is old is forgotten, what still waits is not', async () => {
  await on.endpoint()
  await on.webhooks.start()
  await on.record([payoutEvent('pout_12_a', 'failed')])
  await on.settle()
  on.answer = () => ({ status: 500 })
  await on.record([payoutEvent('pout_12_b', 'failed')])
  await on.settle()
  const { id } = (await on.rows<{ id: string }>('select id from webhooks.endpoint'))[0]!
  await on.webhooks.endpoints.disable(id, on.by())
  const counts = async () =>
    (
      await on.rows(`select (select count(*)::int from webhooks.event) as events,
        (select count(*)::int from webhooks.delivery) as deliveries,
        (select count(*)::int from webhooks.attempt) as attempts`)
    )[0]
  expect(await counts()).toEqual({ events: 2, deliveries: 2, attempts: 2 })
  await on.sweeper.sweepUntil(on.world.clock.now() + 31 * 24 * HOUR)
  expect(await counts()).toEqual({ events: 2, deliveries: 2, attempts: 0 })
  await on.sweeper.sweepUntil(on.world.clock.now() + 61 * 24 * HOUR)
  expect(await counts()).toEqual({ events: 1, deliveries: 1, attempts: 0 })
})
