/** The shared ground, shown on a rail of a few lines: plain JSON, no signatures. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { OrderKind, Rail, RailFault, RailOptions } from './contract.ts'
import { createRailGround, type RailGround } from './index.ts'

interface Fields {
  kind: OrderKind
  reference: string
  amount: string
  result?: 'succeeded' | 'failed'
  afterMs?: number
  waits?: boolean
  original?: string
}

const NOON = Date.UTC(2026, 2, 2, 4)
const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startRail(options: RailOptions = {}): Promise<{ rail: Rail; ground: RailGround }> {
  const ground = createRailGround(options, {
    retrySeconds: [60, 120],
    settles: 'net',
    settlementMemo: (date) => `T ${date}`,
    fee: (order) => (order.kind === 'collect' ? order.amount / 100n : 0n),
    print: ({ order, event, amount, forged, id, movement }) => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ id, event, reference: order.reference, amount: `${amount}`, forged },
        movement: movement?.number,
      }),
    }),
  })
  const reply = (body: object) => ({ status: 200, body: JSON.stringify(body) })
  const rail = await ground.listen((request) => {
    const fields = JSON.parse(request.body.toString()) as Fields
    const { kind, reference } = fields
    if (request.path === '/ask') return reply({ state: ground.visible(kind, reference)?.state })
    const amount = BigInt(fields.amount)
    const perform = () => {
      const known = ground.book.find(kind, reference)
      const { state, number } =
        known ??
        ground.takeOrder({
          kind,
          reference,
          amount,
          fingerprint: '',
          state: fields.waits ? 'waiting' : 'processing',
          ...(fields.original === undefined ? {} : { original: fields.original }),
          ...(fields.waits
            ? {}
            : {
                end: {
                  result: fields.result ?? 'succeeded',
                  code: 'E1',
                  afterMs: fields.afterMs ?? 0,
                },
              }),
        })
      return reply({ state, number })
    }
    return ground.act({ kind, reference, amount }, perform, () => reply({ code: 'X9' }))
  })
  cleanups.push(() => rail.close())
  return { rail, ground }
}

async function post(rail: Rail, path: string, fields: object) {
  try {
    const response = await fetch(rail.url + path, {
      method: 'POST',
      body: JSON.stringify(fields),
      headers: { connection: 'close' },
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause
    return { status: 0, text: cause?.code ?? '' }
  }
}
const order = (rail: Rail, fields: Partial<Fields>) =>
  post(rail, '/order', { kind: 'collect', reference: 'r1', amount: '10000', ...fields })
const state = async (rail: Rail, reference = 'r1', kind = 'collect') =>
  (JSON.parse((await post(rail, '/ask', { kind, reference })).text) as { state?: string }).state

/** A platform that keeps what comes and answers what the test says. */
async function startPlatform(answer: () => number = () => 200) {
  const seen: { id: string; amount: string; reference: string; forged: boolean }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part: Buffer) => {
      text += part
    })
    request.on('end', () => {
      seen.push(JSON.parse(text))
      response.writeHead(answer()).end()
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
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks?a=1` }
}

describe('an order', () => {
  test('moves its money once, is told of, and settles net of its fee', async () => {
    const platform = await startPlatform()
    const settled: unknown[] = []
    const { rail } = await startRail({
      callbackUrl: platform.url,
      onSettlement: async (settlement) => void settled.push(settlement),
    })
    await rail.admin.setClock(NOON)
    await Promise.all(Array.from({ length: 20 }, () => order(rail, {})))
    await rail.admin.idle()
    expect(await state(rail)).toBe('succeeded')
    expect(rail.admin.movements()).toMatchObject([{ kind: 'collect', amount: 10000n, fee: 100n }])
    expect(rail.admin.balance()).toBe(9900n)
    expect(platform.seen).toMatchObject([{ reference: 'r1', amount: '10000' }])
    expect(rail.admin.callbacks()).toMatchObject([{ status: 200, path: '/callbacks?a=1' }])
    await rail.admin.closeDay('20260302')
    await rail.admin.closeDay('20260302')
    expect(settled).toEqual([{ date: '20260302', amount: 9900n, memo: 'T 20260302' }])
    expect(rail.admin.balance()).toBe(0n)
  })

  test('throws when its money would move a second time', async () => {
    const { rail, ground } = await startRail()
    await order(rail, {})
    await rail.admin.idle()
    const made = ground.book.find('collect', 'r1')!
    expect(() => ground.succeed(made)).toThrow(/cannot be succeeded/)
    expect(() => ground.book.moveMoney(made, 0n, 1)).toThrow(/twice/)
    await rail.admin.chargeBack('r1')
    await expect(rail.admin.chargeBack('r1')).rejects.toThrow(/cannot come back/)
  })

  test('waits for its payer, and refunds count until they fail', async () => {
    const { rail, ground } = await startRail()
    await rail.admin.setClock(NOON)
    await order(rail, { waits: true })
    await rail.admin.idle()
    expect(await state(rail)).toBe('waiting')
    await rail.admin.payOrder('r1')
    await expect(rail.admin.payOrder('r1')).rejects.toThrow(/only a waiting one/)
    const refund = { kind: 'refund' as const, original: 'r1', amount: '4000', afterMs: 1000 }
    await order(rail, { ...refund, reference: 'f1' })
    await order(rail, { ...refund, reference: 'f2', result: 'failed' })
    const collection = ground.book.find('collect', 'r1')!
    expect([collection.refunded, collection.refunds]).toEqual([8000n, 2])
    expect(ground.book.available()).toBe(1900n)
    await rail.admin.setClock(NOON + 1000)
    expect([collection.refunded, collection.refunds]).toEqual([4000n, 1])
    expect([rail.admin.balance(), ground.book.available()]).toEqual([5900n, 5900n])
  })

  test('a day that is closed takes nothing more', async () => {
    const { rail, ground } = await startRail()
    await rail.admin.setClock(NOON)
    await rail.admin.closeDay('20260302')
    await order(rail, {})
    await rail.admin.idle()
    expect(ground.book.movementsOn('20260302')).toHaveLength(0)
    expect(ground.book.movementsOn('20260303')).toHaveLength(1)
  })
})

describe('faults', () => {
  const CASES: [RailFault, { status: number; text?: RegExp }, string | undefined][] = [
    ['lost_request', { status: 0 }, undefined],
    ['lost_reply', { status: 0 }, 'succeeded'],
    ['server_error_before', { status: 502 }, undefined],
    ['server_error_after', { status: 502 }, 'succeeded'],
    ['unknown_code', { status: 200, text: /X9/ }, 'succeeded'],
    ['late_reply', { status: 200, text: /processing/ }, 'succeeded'],
  ]
  test.each(CASES)('%s', async (fault, wanted, then) => {
    const { rail } = await startRail()
    await rail.admin.setClock(NOON)
    rail.admin.arm({ fault, ms: 20 })
    const { status, text } = await order(rail, {})
    expect(status).toBe(wanted.status)
    if (wanted.text) expect(text).toMatch(wanted.text)
    await rail.admin.idle()
    expect(await state(rail)).toBe(then)
    expect(rail.admin.struck()).toEqual({ [fault]: 1 })
    expect((await order(rail, { reference: 'r2' })).status).toBe(200)
  })

  test('down refuses connections until its time is over', async () => {
    const { rail } = await startRail()
    await rail.admin.setClock(NOON)
    rail.admin.arm({ fault: 'down', ms: 5000 })
    expect(await order(rail, {})).toEqual({ status: 0, text: 'ECONNREFUSED' })
    await rail.admin.setClock(NOON + 5000)
    expect((await order(rail, {})).status).toBe(200)
  })

  test('down for long is not ended by down for less', async () => {
    const { rail } = await startRail()
    await rail.admin.setClock(NOON)
    rail.admin.arm({ fault: 'down', ms: 5000 })
    rail.admin.arm({ fault: 'down', ms: 1000 })
    await rail.admin.setClock(NOON + 1000)
    expect((await order(rail, {})).status).toBe(0)
    await rail.admin.setClock(NOON + 5000)
    expect((await order(rail, {})).status).toBe(200)
  })

  test('a hidden order appears; a failed one succeeds late', async () => {
    const { rail } = await startRail()
    await rail.admin.setClock(NOON)
    rail.admin.arm({ fault: 'hidden_order', ms: 1000 })
    rail.admin.arm({ fault: 'late_success', ms: 2000 })
    await order(rail, { result: 'failed' })
    await rail.admin.idle()
    expect(await state(rail)).toBeUndefined()
    await rail.admin.setClock(NOON + 1000)
    expect(await state(rail)).toBe('failed')
    await rail.admin.setClock(NOON + 2000)
    expect(await state(rail)).toBe('succeeded')
    expect(rail.admin.movements()).toHaveLength(1)
  })

  test('count, kind and after are kept to', async () => {
    const { rail } = await startRail()
    rail.admin.arm({ fault: 'server_error_before', count: 2, after: 1, kind: 'collect' })
    const statuses: number[] = []
    await order(rail, { kind: 'pay', reference: 'p' })
    for (const reference of ['a', 'b', 'c', 'd'])
      statuses.push((await order(rail, { reference })).status)
    expect(statuses).toEqual([200, 502, 502, 200])
  })

  test('a storm strikes the same orders by the same seed, in whatever order they come', async () => {
    const strikes = async (seed: number, references: string[]) => {
      const { ground } = await startRail()
      ground.faults.storm({ seed, perMillion: 100_000 })
      const hit = references.map((r) => [r, ground.faults.strike('request', 'collect', r)?.fault])
      return new Map(hit.filter(([, fault]) => fault !== undefined) as [string, string][])
    }
    const references = Array.from({ length: 2000 }, (_, i) => `T${i}`)
    const first = await strikes(7, references)
    expect(first.size).toBeGreaterThan(140)
    expect(first.size).toBeLessThan(260)
    expect(new Set(first.values()).size).toBe(7)
    const again = await strikes(7, [...references].reverse())
    expect([...again].sort()).toEqual([...first].sort())
    expect([...(await strikes(8, references))].sort()).not.toEqual([...first].sort())
  })
})

describe('notices', () => {
  test('are sent again by the schedule until they are taken', async () => {
    let status = 500
    const platform = await startPlatform(() => status)
    const { rail } = await startRail({ callbackUrl: platform.url })
    await rail.admin.setClock(NOON)
    await order(rail, {})
    await rail.admin.idle()
    expect(platform.seen).toHaveLength(1)
    expect(rail.admin.nextDueAt()).toBe(NOON + 60_000)
    await rail.admin.setClock(NOON + 60_000)
    expect(rail.admin.nextDueAt()).toBe(NOON + 180_000)
    status = 204
    await rail.admin.setClock(NOON + 86_400_000)
    expect(platform.seen).toHaveLength(3)
    expect(new Set(platform.seen.map(({ id }) => id)).size).toBe(1)
  })

  const amounts = async (fault: RailFault | undefined, amount = '10000', moveMs = 0) => {
    const { rail } = await startRail()
    await rail.admin.setClock(NOON)
    if (fault !== undefined) rail.admin.arm({ fault, fen: 7, ms: 60_000 })
    await order(rail, { amount })
    await rail.admin.idle()
    if (moveMs > 0) await rail.admin.setClock(NOON + moveMs)
    return rail.admin
      .callbacks()
      .map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>)
  }
  test('faults', async () => {
    expect(await amounts('lost_notice', '10000', 86_400_000)).toEqual([])
    expect(await amounts('duplicate_notice')).toHaveLength(3)
    expect(await amounts('late_notice')).toHaveLength(0)
    expect(await amounts('late_notice', '10000', 60_000)).toHaveLength(1)
    expect(await amounts('reordered_notice', '10000', 60_000)).toHaveLength(1)
    expect(await amounts('wrong_amount_notice')).toMatchObject([{ amount: '10007', forged: false }])
    expect(await amounts('forged_notice')).toMatchObject([{ forged: true }, { forged: false }])
  })

  test('a reordered one follows the next', async () => {
    const { rail } = await startRail()
    await rail.admin.setClock(NOON)
    rail.admin.arm({ fault: 'reordered_notice' })
    await order(rail, { reference: 'a' })
    await rail.admin.idle()
    await order(rail, { reference: 'b' })
    await rail.admin.idle()
    expect(rail.admin.callbacks().map(({ reference }) => reference)).toEqual(['b', 'a'])
  })

  test('magic amounts', async () => {
    expect(await amounts(undefined, '10068', 86_400_000)).toEqual([])
    expect(await amounts(undefined, '10013', 600_000)).toHaveLength(3)
    const { rail } = await startRail()
    await rail.admin.setClock(NOON)
    expect((await order(rail, { reference: 'a', amount: '10096' })).status).toBe(0)
    expect((await order(rail, { reference: 'b', amount: '10099' })).status).toBe(0)
    expect((await order(rail, { reference: 'c', amount: '10077' })).text).toMatch(/X9/)
    expect([await state(rail, 'a'), await state(rail, 'b')]).toEqual(['processing', undefined])
    await rail.admin.setClock(NOON + 20_000)
    expect([await state(rail, 'a'), await state(rail, 'b')]).toEqual(['succeeded', undefined])
  })
})

describe('the journal', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'rail-journal-'))
    cleanups.push(() => rmSync(path, { recursive: true }))
    return join(path, 'book.jsonl')
  }

  test('holds, at every answer, all that was answered; a torn last line is dropped', async () => {
    const journal = folder()
    const { rail } = await startRail({ journal })
    await rail.admin.setClock(NOON)
    await order(rail, { reference: 'done' })
    await rail.admin.idle()
    await order(rail, { reference: 'going', afterMs: 5000 })
    await order(rail, { reference: 'waits', waits: true })
    // A killed process leaves these bytes, and perhaps half a line more.
    const bytes = readFileSync(journal)
    const left = folder()
    writeFileSync(left, Buffer.concat([bytes, Buffer.from('{"t":"money","at":1,')]))
    const second = await startRail({ journal: left })
    await second.rail.admin.setClock(NOON)
    const [before, after] = [rail.admin.orders(), second.rail.admin.orders()]
    expect(after).toEqual(before)
    expect(second.rail.admin.movements()).toEqual(rail.admin.movements())
    expect(second.rail.admin.balance()).toBe(9900n)
    await second.rail.admin.setClock(NOON + 5000)
    expect(await state(second.rail, 'going')).toBe('succeeded')
    await order(second.rail, { reference: 'new' })
    await second.rail.admin.idle()
    await second.rail.close()
    cleanups.splice(cleanups.length - 1, 1)
    const third = await startRail({ journal: left })
    expect(third.rail.admin.movements()).toHaveLength(3)
    expect(new Set(third.rail.admin.orders().map(({ number }) => number)).size).toBe(4)
  })

  test('a notice that was not taken is sent again after a restart', async () => {
    const journal = folder()
    const platform = await startPlatform(() => 500)
    const { rail } = await startRail({ journal, callbackUrl: platform.url })
    await order(rail, {})
    await rail.admin.idle()
    await rail.close()
    cleanups.pop()
    await startRail({ journal, callbackUrl: platform.url }).then((next) => next.rail.admin.idle())
    expect(platform.seen).toHaveLength(2)
  })

  test('so is that of a payout that came back or an order that succeeded late, as it was', async () => {
    const journal = folder()
    let status = 200
    const platform = await startPlatform(() => status)
    const { rail } = await startRail({ journal, callbackUrl: platform.url })
    await rail.admin.setClock(NOON)
    await rail.admin.fund(50_000n, 'float')
    await order(rail, { kind: 'pay', reference: 'back' })
    rail.admin.arm({ fault: 'late_success', ms: 1000 })
    await order(rail, { reference: 'late', result: 'failed' })
    await rail.admin.idle()
    status = 500
    await rail.admin.returnPayout('back')
    await rail.admin.setClock(NOON + 1000)
    const untaken = platform.seen.splice(0).slice(2)
    expect(untaken).toMatchObject([{ reference: 'back' }, { reference: 'late' }])
    await rail.close()
    cleanups.pop()
    await startRail({ journal, callbackUrl: platform.url }).then((next) => next.rail.admin.idle())
    expect(platform.seen).toEqual(untaken)
  })
})

test('the admin over HTTP', async () => {
  const { rail } = await startRail()
  const call = async (path: string, fields?: object) => {
    const response = await fetch(`${rail.url}/admin/${path}`, {
      ...(fields === undefined ? {} : { method: 'POST', body: JSON.stringify(fields) }),
    })
    return { status: response.status, ...((await response.json()) as object) }
  }
  await call('clock', { at: NOON })
  await call('arm', { fault: 'lost_reply' })
  await order(rail, {})
  await call('idle', {})
  await call('fund', { amount: '500', memo: 'float' })
  expect(await call('struck')).toEqual({ status: 200, lost_reply: 1 })
  expect(await call('balance')).toEqual({ status: 200, amount: '10400', currency: 'CNY' })
  expect(await call('clock')).toMatchObject({ now: NOON })
  expect(await call('arm', { fault: 'nonsense' })).toMatchObject({ status: 400 })
  expect(await call('pay', { reference: 'r1' })).toMatchObject({ status: 400 })
  expect(await call('nowhere')).toMatchObject({ status: 404 })
})
