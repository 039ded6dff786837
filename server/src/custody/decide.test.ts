/**
 * The interpreter without a database: random answers of the bank, random payments, late and failed
 * steps. After each decision its transfers are booked into a small ledger of the test's own, where no
 * account may fall below zero and what the bank was told must be what we booked.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Instruction, Outcome } from '#channels'
import type { TransferRequest } from '#ledger'
import { advance } from './advance.ts'
import { type Case, openFreezes, type Step } from './case.ts'
import { type Deal, readDeal } from './deal.ts'
import * as decide from './decide.ts'
import { addStep, type Draft, draftOf } from './draft.ts'
import { partsOf } from './parts.ts'
import { readScheme, type Scheme } from './scheme.ts'

const root = new URL('../../../schemes/', import.meta.url)
const scheme = (
  readScheme(readFileSync(new URL('resale-home.yaml', root), 'utf8')) as { scheme: Scheme }
).scheme
const sample = readFileSync(new URL('samples/resale-home.json', root), 'utf8')
const deal = (readDeal(sample, [scheme]) as { deal: Deal }).deal
const pool = { cash: 'cash', suspense: 'suspense', payouts: 'payouts' }
const NOW = Date.UTC(2026, 2, 2, 1)
/** 180 days after a title that was transferred now. */
const LATER = NOW + 180 * 86_400_000

function opening(): Case {
  return {
    book: 1,
    orgId: 1,
    id: 'c'.repeat(32),
    deal: deal.deal,
    scheme,
    amounts: deal.amounts,
    state: 'opening',
    facts: {},
    version: 1,
    parties: deal.parties.map(({ role }) => ({
      role,
      kind: scheme.roles[role]!.kind,
      member: role,
      subAccount: '',
      payTo: '',
    })),
    accounts: Object.entries(scheme.accounts).map(([name, { holder: role, purpose }]) => ({
      name,
      role,
      purpose,
      ledgerAccount: name,
    })),
    milestones: scheme.milestones.map(({ name }) => ({ name, state: 'waiting' })),
    steps: [],
    items: [],
  }
}

/** Books transfers; liabilities count up by credits. */
class Books {
  readonly posted = new Map<string, bigint>()
  private readonly holds = new Map<string, { debit: string; credit: string; left: bigint }>()

  free(account: string): bigint {
    const held = [...this.holds.values()].filter(({ debit }) => debit === account)
    return (this.posted.get(account) ?? 0n) - held.reduce((sum, { left }) => sum + left, 0n)
  }

  apply(transfers: readonly TransferRequest[]): void {
    for (const each of transfers) {
      if (each.type === 'post')
        for (const leg of each.legs) this.move(leg.debit, leg.credit, leg.amount)
      if (each.type === 'hold') {
        expect(this.free(each.debit)).toBeGreaterThanOrEqual(each.amount)
        expect(this.holds.has(each.id)).toBe(false)
        this.holds.set(each.id, { debit: each.debit, credit: each.credit, left: each.amount })
      }
      if (each.type === 'void') this.holds.delete(each.hold)
      if (each.type === 'release') {
        const hold = this.holds.get(each.hold)!
        this.holds.delete(each.hold)
        const parts = each.parts ?? [{ amount: hold.left }]
        expect(parts.reduce((sum, { amount }) => sum + amount, 0n)).toBe(hold.left)
        for (const { credit = hold.credit, amount } of parts) this.move(hold.debit, credit, amount)
      }
    }
    for (const [account] of this.posted) expect(this.free(account)).toBeGreaterThanOrEqual(0n)
  }

  private move(debit: string, credit: string, amount: bigint): void {
    // Cash is an asset: a debit raises it.
    const sign = (account: string) => (account === 'cash' ? -1n : 1n)
    this.posted.set(debit, (this.posted.get(debit) ?? 0n) - sign(debit) * amount)
    this.posted.set(credit, (this.posted.get(credit) ?? 0n) + sign(credit) * amount)
  }
}

/** A run: the case, its books, and the calls the bank was told to make. */
class Run {
  view: Case = opening()
  readonly books = new Books()
  readonly calls = new Map<string, Instruction>()
  private flow = 0

  constructor() {
    this.step((draft) => {
      for (const { role } of draft.parties) {
        addStep(draft, { milestone: '', kind: 'open_sub_account', role })
        addStep(draft, { milestone: '', kind: 'bind_account', role })
      }
      advance(draft)
    })
  }

  step<T>(work: (draft: Draft) => T, now = NOW): T {
    const draft = draftOf(this.view, now, pool)
    const result = work(draft)
    for (const intent of draft.intents) {
      expect(this.calls.has(intent.id)).toBe(false)
      const call = { ...intent, state: 'sending', reference: intent.id } as unknown as Instruction
      this.calls.set(intent.id, call)
    }
    // Throws on a move that no state table has.
    partsOf(draft, () => [])
    this.books.apply(draft.transfers)
    const { state, facts, parties, milestones, steps, items } = draft
    this.view = {
      ...this.view,
      version: this.view.version + 1,
      state,
      facts,
      parties,
      milestones,
      steps,
      items,
    }
    return result
  }

  open(): Instruction[] {
    return [...this.calls.values()].filter(
      ({ state }) => state !== 'succeeded' && state !== 'failed',
    )
  }

  answer(call: Instruction, to: Instruction['state'], code = ''): void {
    const outcome = { result: to, code, message: '', facts: { subAccount: call.step, payTo: '' } }
    this.step((draft) => decide.instructionMoved(draft, call, { to, outcome: outcome as Outcome }))
    this.calls.set(call.id, { ...call, state: to })
  }

  pay(role: string, amount: bigint): void {
    this.flow += 1
    const flow = `flow ${this.flow}`
    this.step((draft) => decide.received(draft, { role, amount, flow, returned: false }))
  }

  report(fact: string, value: string) {
    return this.step((draft) =>
      decide.factReported(draft, fact, value, {
        available: (account) => this.books.free(account),
        onItsWay: () => 0n,
      }),
    )
  }

  /** All calls succeed and all that is awaited is paid, until nothing moves. */
  settle(): void {
    for (;;) {
      const call = this.open()[0]
      const awaited = this.view.steps.find(({ state }) => state === 'awaiting')
      if (call !== undefined) this.answer(call, 'succeeded')
      else if (awaited !== undefined) this.pay(awaited.role, awaited.amount - awaited.received)
      else return
    }
  }
}

const FACTS = [
  ['registration', 'passed'],
  ['mortgage', 'registered'],
  ['hand_over', 'confirmed'],
  ['household', 'moved'],
] as const

const left = (books: Books) => [...books.posted].filter(([, amount]) => amount !== 0n)

describe('the worked example', () => {
  test('ends with every account at zero', () => {
    const run = new Run()
    run.settle()
    for (const [fact, value] of FACTS) {
      run.report(fact, value)
      run.settle()
    }
    expect(run.view.state).toBe('completed')
    expect(left(run.books)).toEqual([])
    const paid = (role: string) =>
      run.view.steps
        .filter((step) => step.kind === 'withdraw' && step.role === role)
        .reduce((sum, { amount }) => sum + amount, 0n)
    expect(paid('seller')).toBe(673_200_000n)
    expect(paid('agent')).toBe(6_800_000n)
  })

  test('a household that has not moved in time costs the seller its hold-back', () => {
    const run = new Run()
    run.settle()
    for (const [fact, value] of FACTS.slice(0, 3)) {
      run.report(fact, value)
      run.settle()
    }
    run.step((draft) => decide.deadlinePassed(draft, 'household_moved'), LATER)
    run.settle()
    expect(run.view.milestones.at(-1)?.state).toBe('lapsed')
    expect(run.view.state).toBe('completed')
    const back = run.view.steps.filter((step) => step.kind === 'withdraw' && step.role === 'buyer')
    expect(back.map(({ amount }) => amount)).toEqual([5_000_000n])
    // The first freeze was used up by the transfer of title; what is left lies in the second.
    const second = run.view.steps.filter(({ kind }) => kind === 'freeze')[1]!
    expect(run.view.steps.find(({ kind }) => kind === 'unfreeze')?.order).toBe(second.order)
    expect(left(run.books)).toEqual([])
  })

  test('a deadline that passes after the milestone was reached changes nothing', () => {
    const run = new Run()
    run.settle()
    for (const [fact, value] of FACTS) {
      run.report(fact, value)
      run.settle()
    }
    const before = run.view.steps.length
    run.step((draft) => decide.deadlinePassed(draft, 'household_moved'), LATER)
    expect(run.view.steps).toHaveLength(before)
  })

  test('money of two payers goes back to each when the case stops late', () => {
    // A scheme in which the loan is in custody before the title is transferred.
    const early = structuredClone(scheme) as Scheme
    const [mortgage] = early.milestones.splice(3, 1)
    const { when: _, ...paid } = mortgage!
    early.milestones.splice(2, 0, { ...paid, movements: paid.movements.slice(0, 2) })
    const run = new Run()
    run.view = {
      ...run.view,
      scheme: early,
      milestones: early.milestones.map(({ name }) => ({ name, state: 'waiting' })),
    }
    run.settle()
    expect(run.report('registration', 'refused')).toBeUndefined()
    run.settle()
    expect(run.view.state).toBe('returned')
    const back = (role: string) =>
      run.view.steps
        .filter((step) => step.kind === 'withdraw' && step.role === role)
        .map(({ amount }) => amount)
    expect(back('buyer')).toEqual([248_000_000n])
    expect(back('lender')).toEqual([432_000_000n])
    expect(left(run.books)).toEqual([])
  })
})

type Action =
  | { do: 'answer'; which: number; how: 'accepted' | 'succeeded' | 'failed' | 'never' }
  | { do: 'pay'; which: number; by: bigint }
  | { do: 'report'; which: number; refused: boolean }
  | { do: 'late' }
  | { do: 'retry'; which: number }

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which: fc.nat(9),
      how: fc.constantFrom(
        'accepted' as const,
        'succeeded' as const,
        'succeeded' as const,
        'succeeded' as const,
        'failed' as const,
        'never' as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      which: fc.nat(3),
      by: fc.constantFrom(0n, 0n, 0n, -1n, 1n, 777n),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      which: fc.nat(3),
      refused: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('late' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry' as const), which: fc.nat(3) }) },
)

function act(run: Run, what: Action): void {
  if (what.do === 'late')
    run.step((draft) => decide.deadlinePassed(draft, 'household_moved'), LATER)
  if (what.do === 'report') {
    const [fact, value] = FACTS[what.which]!
    run.report(fact, what.refused && fact === 'registration' ? 'refused' : value)
  }
  if (what.do === 'retry') {
    const failed = run.view.steps.filter(({ state }) => state === 'failed')
    const step: Step | undefined = failed[what.which % Math.max(1, failed.length)]
    if (step !== undefined) run.step((draft) => decide.stepRetried(draft, step.id))
  }
  if (what.do === 'pay') {
    const awaited = run.view.steps.filter(({ state }) => state === 'awaiting')
    const step = awaited[what.which % Math.max(1, awaited.length)]
    const amount = step === undefined ? what.by : step.amount - step.received + what.by
    if (amount > 0n) run.pay(step?.role ?? 'buyer', amount)
  }
  if (what.do === 'answer') {
    const open = run.open()
    const call = open[what.which % Math.max(1, open.length)]
    if (call === undefined || (what.how === 'accepted' && call.state === 'accepted')) return
    if (what.how === 'never') {
      if (call.state !== 'accepted') run.answer(call, 'failed', 'NEVER_ACTED')
    } else run.answer(call, what.how, what.how === 'failed' ? 'ERR090' : '')
  }
}

test('whatever happens, no account falls below zero and all money that came in can be found', () => {
  const ended = new Map<string, number>()
  fc.assert(
    fc.property(fc.nat(5), fc.array(action, { minLength: 20, maxLength: 120 }), (far, actions) => {
      const run = new Run()
      if (far > 0) run.settle()
      for (const [fact, value] of FACTS.slice(0, Math.max(0, far - 1))) {
        run.report(fact, value)
        run.settle()
      }
      for (const each of actions) {
        act(run, each)
        // Our side of guarantee is what our freezes, played in order, leave.
        for (const role of ['buyer', 'lender']) {
          const frozen = openFreezes(
            { steps: run.view.steps.filter(({ state }) => state === 'done') },
            role,
          )
          const sum = frozen.reduce((total, { remaining }) => total + remaining, 0n)
          expect(run.books.posted.get(`${role}_guarantee`) ?? 0n).toBe(sum)
        }
      }
      const cash = run.books.posted.get('cash') ?? 0n
      const owed = [...run.books.posted].filter(([name]) => name !== 'cash')
      expect(owed.reduce((sum, [, amount]) => sum + amount, 0n)).toBe(cash)
      ended.set(run.view.state, (ended.get(run.view.state) ?? 0) + 1)
    }),
    { numRuns: 1_500 },
  )
  // Sometimes a case gets far, and sometimes it stops.
  expect(ended.get('running') ?? 0).toBeGreaterThan(10)
  expect((ended.get('returned') ?? 0) + (ended.get('returning') ?? 0)).toBeGreaterThan(0)
})
