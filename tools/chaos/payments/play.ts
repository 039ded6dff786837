/**
 * Plays one seed: the planned events in the order of time under the storm, then calm, and days until
 * every deadline has passed. Whoever asks the platform for something asks again when it dies.
 */
import {
  derivedUuid,
  Personal,
  publicId,
  type Rng,
  seededRng,
} from '../../../server/src/base/index.ts'
import {
  type BankParty,
  type CollectMethod,
  showCode,
  transferCode,
} from '../../../server/src/channels/index.ts'
import type { Attempt } from '../../../server/src/payments/index.ts'
import type { RailName } from '../../rails/names.ts'
import { passTo, workNow } from './pace.ts'
import type { Planned, PlannedPayIn, PlannedPayout, PlannedRefund, SeedPlan } from './plan.ts'
import type { Stage } from './stage.ts'
import { beginStorm, calm, goDown } from './storm.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const STORM_GRAIN_MS = 10 * SECOND_MS
/** How long an order may be paid. */
const OPEN_MS = 30 * MINUTE_MS
/** Nothing is sent later than this after it was marked. */
const SEND_WINDOW_MS = 5 * SECOND_MS

export interface Played {
  /** Pay-ins, payouts and refunds asked for and taken. */
  payments: number
  /** Senders that were stopped and woken, and those of them that sent. */
  stopped: number
  wokenSent: number
}

const payInId = (number: number) => derivedUuid('chaos.pay_in', String(number))
const payoutId = (number: number) => derivedUuid('chaos.payout', String(number))
const refundId = (number: number, who: number) => derivedUuid('chaos.refund', `${number}/${who}`)
const hashOf = (text: string) => derivedUuid('chaos.request', text).repeat(2)

interface Doing {
  readonly at: number
  run(): Promise<void>
}

export async function playSeed(stage: Stage, plan: SeedPlan): Promise<Played> {
  const player = new Player(stage, plan)
  beginStorm(stage, plan.seed)
  await player.storm()
  calm(stage)
  await player.calmDays()
  return player.played
}

class Player {
  readonly played: Played = { payments: 0, stopped: 0, wokenSent: 0 }
  private readonly stage: Stage
  private readonly plan: SeedPlan
  private readonly start: number
  private readonly rng: Rng
  private readonly doings: Doing[] = []

  constructor(stage: Stage, plan: SeedPlan) {
    this.stage = stage
    this.plan = plan
    this.start = stage.world.clock.now()
    this.rng = seededRng(plan.seed * 31 + 5)
  }

  async storm(): Promise<void> {
    const { stage, plan } = this
    for (const planned of plan.events) {
      this.later(this.start + planned.at, () => this.do(planned))
    }
    for (let times = 0; times < 2; times += 1) {
      const at = this.start + this.rng.below(plan.hoursMs)
      this.later(at, async () => goDown(stage, this.rng))
    }
    for (;;) {
      const next = this.doings.shift()
      if (next === undefined) break
      await passTo(stage, next.at, STORM_GRAIN_MS)
      const together = [next]
      while ((this.doings[0]?.at ?? Infinity) <= next.at) together.push(this.doings.shift()!)
      await Promise.all(together.map((doing) => doing.run()))
      await workNow(stage)
    }
  }

  /** Until every deadline has passed: late notices, days that close, files, settlements. */
  async calmDays(): Promise<void> {
    const { stage } = this
    stage.platform().life.dieAfter(Number.POSITIVE_INFINITY)
    stage.platform().life.stopNobody()
    for (const { hours, grainMs } of CALM) {
      await passTo(stage, stage.world.clock.now() + hours * HOUR_MS, grainMs)
      await this.approveAll()
    }
  }

  private later(at: number, run: () => Promise<void>): void {
    this.doings.push({ at, run })
    this.doings.sort((a, b) => a.at - b.at)
  }

  private async do(planned: Planned): Promise<void> {
    switch (planned.kind) {
      case 'pay_in':
        return this.payIn(planned)
      case 'payout':
        return this.payout(planned)
      case 'refund':
        return this.refund(planned)
      case 'kill':
        return this.stage.platform().life.dieAfter(planned.effects)
      case 'stop_sender':
        return this.stopSender(planned.at)
    }
  }

  private async payIn(planned: PlannedPayIn): Promise<void> {
    const { stage } = this
    const { number, amount, does, late, method, other, afterMs } = planned
    const id = payInId(number)
    const book = stage.books.pool
    const now = stage.world.clock.now()
    const opened = await stage.withPlatform(({ payments }) =>
      payments.openPayIn({
        ...{ book, id, destination: stage.buyer, amount, currency: 'CNY', late },
        ...{ subject: '购房款', attributes: {}, requestHash: hashOf(`${number}`) },
        expiresAt: now + OPEN_MS,
        ...payWith(method, number),
      }),
    )
    if ('refused' in opened) return
    this.played.payments += 1
    if (does === 'never_pays') return
    const at = now + (does === 'pays_at_the_end' ? OPEN_MS : afterMs)
    if (does === 'pays_two') {
      const attemptId = derivedUuid('chaos.attempt', String(number))
      this.later(now + 2 * SECOND_MS, async () => {
        await stage.withPlatform(({ payments }) =>
          payments.attemptPayIn({ book, id, attemptId }, payWith(other, number)),
        )
      })
    }
    if (does === 'pays_while_closed') {
      this.later(at, async () => {
        await stage.withPlatform(({ payments }) => payments.closePayIn({ book, id }))
      })
    }
    this.later(at, () => this.payerPays(id, does === 'pays_two'))
  }

  /** The payer pays what can be paid: the latest order, or all of them at once. */
  private async payerPays(id: string, all: boolean): Promise<void> {
    const { stage } = this
    const owner = publicId('pay', stage.books.pool, id)
    const attempts = await stage.withPlatform(({ payments }) =>
      payments.attempts(stage.books.pool, owner),
    )
    for (const attempt of all ? attempts : attempts.slice(-1)) await this.payOrder(attempt)
  }

  private async payOrder(attempt: Attempt): Promise<void> {
    const { rails } = this.stage
    const { channel, reference, amount } = attempt
    if (channel === 'offline-transfer') {
      const memo = this.rng.below(12) === 0 ? '购房款' : showCode(transferCode(reference))
      const name = '王小明'
      const account = '6216261000000000018'
      await rails['bank-direct'].admin.enter({ kind: 'incoming', amount, memo, name, account })
      return
    }
    if (channel === 'unionpay') return
    const order = this.stage
      .admin(channel as RailName)
      .orders()
      .find((each) => each.kind === 'collect' && each.reference === reference)
    // An order that never came, or is over, cannot be paid.
    if (order?.state !== 'waiting') return
    if (channel === 'alipay') rails.alipay.admin.scan(reference)
    await this.stage.admin(channel as RailName).payOrder(reference)
  }

  private async payout(planned: PlannedPayout): Promise<void> {
    const { stage } = this
    const { number, amount, bank, corporate } = planned
    const id = payoutId(number)
    const made = await stage.withPlatform(({ outflows }) =>
      outflows.payouts.create(stage.books.pool, {
        ...{ id, requestHash: hashOf(`payout ${number}`), source: stage.seller, amount },
        payee: party(`62284804025648${String(90_000 + number)}`, bank, corporate),
        ...{ memo: '房款', requestedBy: 'maker' },
      }),
    )
    if (!('refused' in made)) this.played.payments += 1
  }

  private async refund(planned: PlannedRefund): Promise<void> {
    const { stage } = this
    const { number, payIn, share, twice, payerKnown } = planned
    const book = stage.books.pool
    const of = await stage.withPlatform(({ payments }) => payments.payIn(book, payInId(payIn)))
    if (of === undefined) return
    const amount = (of.amount * BigInt(share)) / 1000n
    if (amount === 0n) return
    const payer = party('6216261000000000018', 'ICBC', false)
    const ask = async (who: number) => {
      const answered = await stage.withPlatform(({ outflows }) =>
        outflows.refund(book, {
          ...{ id: refundId(number, who), requestHash: hashOf(`refund ${number}/${who}`), amount },
          ...{ reason: '退款', requestedBy: 'maker' },
          payIns: [publicId('pay', book, of.id)],
          ...(payerKnown ? { payer } : {}),
        }),
      )
      if (!('refused' in answered)) this.played.payments += 1
    }
    await Promise.all(twice ? [ask(1), ask(2)] : [ask(1)])
  }

  /** A sender stands still between `sending` and its socket while another platform takes over. */
  private async stopSender(at: number): Promise<void> {
    const { stage } = this
    const { life } = stage.platform()
    const stopped = life.stopNextSender()
    // A payout of its own makes sure that somebody sends.
    const number = 100 + at
    const payout: PlannedPayout = {
      ...{ kind: 'payout', at, number, amount: 123_00n, bank: 'ICBC', corporate: false },
    }
    await this.payout(payout)
    const { sweeper } = stage.platform()
    const working = sweeper.sweepNow().catch(() => 0)
    const sender = await Promise.race([stopped, working.then(() => undefined)])
    life.stopNobody()
    if (sender === undefined) return
    life.kill()
    await stage.takeOver()
    await passTo(stage, stage.world.clock.now() + SEND_WINDOW_MS, SECOND_MS)
    const answer = await sender.wake()
    this.played.stopped += 1
    if (answer.kind !== 'not_sent') this.played.wokenSent += 1
    await working
  }

  /** A second person approves what waits for one. */
  private async approveAll(): Promise<void> {
    const { stage } = this
    const book = stage.books.pool
    const rows = await stage.db.query<{ refund: string }>(
      `select distinct replace(refund::text, '-', '') as refund from payments.refund_part
       where book_id = $1 and state = 'waiting_for_approval'`,
      [book],
    )
    for (const { refund } of rows) {
      await stage.withPlatform(({ outflows }) => outflows.approveRefund(book, refund, 'checker'))
    }
    await workNow(stage)
  }
}

/** Stretches of the days after the storm, and how often something is done in each. */
const CALM = [
  { hours: 2, grainMs: 4 * MINUTE_MS },
  { hours: 10, grainMs: 30 * MINUTE_MS },
  { hours: 16, grainMs: 2 * HOUR_MS },
  ...Array.from({ length: 3 }, () => ({ hours: 25, grainMs: 4 * HOUR_MS })),
]

function payWith(method: CollectMethod, number: number) {
  const payer = party(`62162610000000${String(10_000 + number)}`, 'ICBC', false)
  return {
    ...{ methods: [method], bank: 'ICBC', accountType: 'personal' as const },
    ...(method === 'collection' ? { payer } : {}),
    ...{ payerId: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', payerIp: '14.23.150.211' },
  }
}

function party(account: string, bank: string, corporate: boolean): BankParty {
  return {
    name: new Personal('name', corporate ? '某某房地产有限公司' : '王小明'),
    account: new Personal('card', account),
    bank,
    accountType: corporate ? 'corporate' : 'personal',
    cnaps: '102100099996',
  }
}
