/**
 * A platform that dies after each of its effects in turn — a commit on the book, a reply of the bank
 * that nobody will read — and starts again beside the same bank. The end is that of a run without a
 * crash: every yuan moved once, both books equal.
 */
import { describe, expect, test } from 'vitest'
import {
  createPersonalSeal,
  type Db,
  newPersonalKeys,
  parsePersonalKeys,
  type World,
} from '../../server/src/base/index.ts'
import { listInstructions } from '../../server/src/channels/index.ts'
import { type Case, readScheme } from '../../server/src/custody/index.ts'
import type { BookWriter, Ledger } from '../../server/src/ledger/index.ts'
import { testDatabase } from '../../server/testing/database.ts'
import { testWorld } from '../../server/testing/world.ts'
import { simulatedPace } from './pace.ts'
import { newStageKeys, openBankSide, openPlatform, type Platform } from './stage.ts'

/** The smallest scheme that takes every path once; nothing of it is known to the code. */
const SCHEME = `
scheme: small-sale
version: 1
currency: CNY
title: { en: Small sale, zh: 小额交易 }
roles:
  buyer: { kind: person, title: { en: Buyer, zh: 买方 } }
  seller: { kind: person, title: { en: Seller, zh: 卖方 } }
amounts: { price: given }
rules: []
accounts:
  paid: { holder: buyer, purpose: received }
  guarantee: { holder: buyer, purpose: guarantee }
  due: { holder: seller, purpose: payable }
milestones:
  - name: sold
    title: { en: Sold, zh: 成交 }
    movements:
      - { verb: collect, from: buyer, to: paid, amount: price }
      - { verb: hold, from: paid, to: guarantee, amount: price }
      - { verb: release, from: guarantee, to: due, amount: price }
`
const PRICE = 100_001n

const party = (role: string, name: string, id: string, account: string) => ({
  role,
  name,
  id_number: id,
  mobile: '13800001234',
  bank_account: { number: account, bank: '某银行' },
})
const DEAL = {
  deal: 'small-sale-1',
  scheme: 'small-sale',
  parties: [
    party('buyer', '王小明', '11010519491231002X', '6216261000000000018'),
    party('seller', '李秀英', '440524188001010014', '6222600260001072444'),
  ],
  amounts: { price: { amount: String(PRICE), currency: 'CNY' } },
}

class Crash extends Error {
  override name = 'Crash'
}

/** Counts the effects of a platform and ends it after one of them. */
class Life {
  effects = 0
  dead = false
  private readonly last: number

  constructor(last: number) {
    this.last = last
  }

  /** An effect that was made; what it answered is lost when this is the last one. */
  private made<T>(answer: T): T {
    this.effects += 1
    if (this.effects === this.last) this.dead = true
    this.check()
    return answer
  }

  /** The sale is over: what comes now is not part of it. */
  retire(): number {
    const { effects } = this
    if (!this.dead) this.effects = Number.NEGATIVE_INFINITY
    return effects
  }

  check(): void {
    if (this.dead) throw new Crash('the platform is dead')
  }

  world(world: World): World {
    const { db, net } = world
    const mortal: Db = {
      ...db,
      query: async (sql, params) => {
        this.check()
        return db.query(sql, params)
      },
      tx: async (work) => {
        this.check()
        return db.tx(work)
      },
    }
    const call: World['net']['call'] = async (request) => {
      this.check()
      return this.made(await net.call(request))
    }
    return { ...world, db: mortal, net: { call } }
  }

  ledger(ledger: Ledger): Ledger {
    const writer = (book: number): BookWriter => {
      const real = ledger.writer(book)
      const submit: BookWriter['submit'] = async (command) => {
        this.check()
        return this.made(await real.submit(command))
      }
      return new Proxy(real, {
        get: (target, name) => {
          const value: unknown = name === 'submit' ? submit : Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    }
    return {
      writer,
      createBook: (request) => ledger.createBook(request),
      book: (book) => ledger.book(book),
      books: (after, limit) => ledger.books(after, limit),
      close: () => ledger.close(),
    }
  }
}

const keys = newStageKeys()
const IMMORTAL = Number.POSITIVE_INFINITY

/** One small sale by a platform that dies after effect `last` and is started again. */
async function saleWithCrash(last: number) {
  const database = await testDatabase()
  const world = testWorld({ db: database.db })
  const { clock } = world
  const side = await openBankSide({ bankDatabaseUrl: database.url, keys, simulated: clock })
  const read = readScheme(SCHEME)
  if (!('scheme' in read)) throw new Error(JSON.stringify(read))
  const schemes = [read.scheme]
  const seal = createPersonalSeal(parsePersonalKeys(newPersonalKeys(), 'test'))
  const first = new Life(last)
  const lives = [first, new Life(IMMORTAL)]
  let platform: Platform | undefined
  const up = async (life: Life): Promise<Platform> =>
    openPlatform(side, {
      world: life.world(world),
      schemes,
      seal,
      timing: { timeoutMs: 2_000 },
      listEveryMs: 21_600_000,
      around: (ledger) => life.ledger(ledger),
    })
  let id: string | undefined
  let paid = false
  const play = async (now: Platform): Promise<Case> => {
    const pace = simulatedPace(clock, { sweeper: now.sweeper, bank: side.admin })
    const { custody, book } = now
    const opened = await custody.openCase(book, DEAL)
    if ('id' in opened) ({ id } = opened)
    // A platform that died before it could answer has opened the case all the same.
    id ??= (await database.db.query<{ id: string }>('select id from custody.case'))[0]!.id
    const view = async () => (await custody.case(book, id!))!
    const until = (done: (now: Case) => boolean) => pace.until(async () => done(await view()))
    if (!paid) {
      await until(({ steps }) => steps.some(({ state }) => state === 'awaiting'))
      const { payTo } = (await view()).parties.find(({ role }) => role === 'buyer')!
      paid = true
      await side.admin.pay({
        to: payTo,
        amount: '1000.01',
        payerAcctNo: '6216261000000000018',
        payerName: '王小明',
        payerBank: '某银行',
        remark: '',
      })
    }
    await until(({ state }) => state === 'completed')
    await pace.pass(86_400_000)
    return view()
  }
  try {
    let ended: Case | undefined
    for (const life of lives) {
      try {
        platform = await up(life)
        ended = await play(platform)
        if (!life.dead) break
      } catch (error) {
        if (!life.dead) throw error
      }
      await platform?.close()
      platform = undefined
    }
    const effects = first.retire()
    const { custody, book } = platform!
    const day = custody.desk.channel(book).businessDate(clock.now() - 86_400_000)
    return {
      effects,
      crashed: first.dead,
      ended: ended!,
      proof: await custody.prove(book, [day]),
      items: await custody.openItems(book),
      calls: await listInstructions(database.db, book),
      books: await platform!.ledger.books(0, 10),
    }
  } finally {
    await platform?.close()
    await side.close()
    await database.drop()
  }
}

/** How many the sale has; checked below, so that none is left out. */
const EFFECTS = 51

describe.concurrent('a platform that dies after an effect', () => {
  test.for(Array.from({ length: EFFECTS }, (_, i) => i + 1))('number %i', async (last) => {
    const { crashed, ended, proof, items, calls, books } = await saleWithCrash(last)
    expect(ended.state).toBe('completed')
    expect(proof.differences).toEqual([])
    expect(proof).toMatchObject({ equal: true, difference: 0n })
    expect(items).toEqual([])
    expect(books).toHaveLength(1)
    const payouts = calls.filter(
      ({ operation, state }) => operation === 'withdraw' && state === 'succeeded',
    )
    expect(payouts.map(({ amount }) => amount)).toEqual([PRICE])
    // Died between marking a call and sending it: it is made again, once the bank is proven not to
    // know it. Never for any other reason.
    const failed = calls.filter(({ state }) => state === 'failed')
    expect(failed.length).toBeLessThanOrEqual(1)
    for (const { code } of failed) expect(code).toBe('NEVER_ACTED')
    expect(crashed).toBe(true)
  })

  test('and there is no effect past the last number', async () => {
    const { effects, crashed } = await saleWithCrash(IMMORTAL)
    expect(crashed).toBe(false)
    expect(effects).toBe(EFFECTS)
  })
})
