/**
 * What the bank says, taken to the case it is about: custody as the owner of its instructions and of
 * the money that comes in.
 */
import {
  applied,
  Bug,
  type Clock,
  type Db,
  derivedUuid,
  type PersonalSeal,
  parsePublicId,
  present,
} from '#base'
import type { ChannelCall, ChannelOwner, Inbound, Instruction, Parts } from '#channels'
import { accountFor, type Case, type OpenItem, type Step, type StepLeg } from './case.ts'
import * as reads from './case-store.ts'
import type { Clearing, Recognised } from './clearing.ts'
import * as decide from './decide.ts'
import { type Draft, draftOf, newItem, openItem, type PoolAccounts } from './draft.ts'
import * as store from './store.ts'

export interface OwnerOptions {
  readonly db: Db
  readonly clock: Clock
  readonly seal: PersonalSeal
  readonly pool: (
    book: number,
  ) => PoolAccounts & { readonly orgId: number; readonly currency: string }
  /** The command of a draft. */
  readonly parts: (draft: Draft) => Parts
  readonly clearing: Clearing
}

const HELD = { state: 'held', parts: { roots: [] } } as const

/** Where a party's data is sealed. */
export function partyPlace(orgId: number, caseId: string, role: string) {
  return { table: 'custody.party', org: orgId, row: `${caseId}/${role}` }
}

export function createOwner(options: OwnerOptions): ChannelOwner {
  const { db, clock, seal, pool, parts, clearing } = options

  const caseOf = async (instruction: Instruction): Promise<Case> => {
    const id = present(parsePublicId(instruction.owner, 'case'), `owner ${instruction.owner}`).uuid
    return present(await reads.loadCase(db, instruction.book, id), `case ${instruction.owner}`)
  }
  const draft = (view: Case) => draftOf(view, clock.now(), pool(view.book))

  /** The command that opens an item of no case, unless there is one already. */
  const looseItem = async (
    book: number,
    item: Pick<OpenItem, 'kind' | 'amount' | 'side' | 'reference' | 'detail'>,
  ): Promise<Parts | undefined> => {
    const fresh = newItem(item, clock.now())
    const known = await reads.listOpenItems(db, book, { all: true, caseRef: '' })
    if (known.some(({ id }) => id === fresh.id)) return undefined
    const effect = applied(store.insertOpenItem, { orgId: pool(book).orgId, item: fresh })
    return { roots: [`open_item:${fresh.id}`], effects: [effect] }
  }

  return {
    call: async (instruction) => callOf(instruction, await caseOf(instruction), { db, seal }),
    moved: async (instruction, event) => {
      const next = draft(await caseOf(instruction))
      decide.instructionMoved(next, instruction, event)
      return parts(next)
    },
    contradicted: (instruction, outcome) => {
      const { amount, reference, state } = instruction
      const detail = `it was ${state}; the bank now says ${outcome.result}: ${outcome.message}`
      return looseItem(instruction.book, {
        ...{ kind: 'outcome_contradicted', amount, side: 'neither', reference, detail },
      })
    },
    doubtful: async (instruction, why) => {
      const next = draft(await caseOf(instruction))
      openItem(next, {
        kind: 'outcome_unknown',
        amount: instruction.amount,
        side: 'neither',
        reference: instruction.reference,
        detail: `${instruction.operation}: ${why}`,
        step: instruction.step,
      })
      return next.items.length === next.before.items.length ? undefined : parts(next)
    },
    received: async (book, inbound, { confirmed }) => {
      if (inbound.currency !== pool(book).currency) {
        throw new Bug(`flow ${inbound.flow} is in ${inbound.currency}; the pool is not`)
      }
      const party =
        inbound.kind === 'suspense'
          ? undefined
          : await reads.findParty(db, book, inbound.subAccount)
      if (party === undefined) return { state: 'booked', parts: toSuspense(book, inbound) }
      const view = present(await reads.loadCase(db, book, party.caseId), `case ${party.caseId}`)
      const next = draft(view)
      const { role } = party
      const { amount, flow } = inbound
      const money = { role, amount, flow, returned: inbound.kind === 'returned' }
      const known = await recognised(view, inbound, { role, confirmed })
      if (known?.kind === 'clears') {
        return { state: 'booked', parts: cleared(next, money, known) }
      }
      const isSure = confirmed || (known === undefined && decide.isExpected(next, money))
      if (!isSure || known?.kind === 'waits') return HELD
      if (known !== undefined) {
        return { state: 'booked', parts: toSuspense(book, inbound, known.says) }
      }
      decide.received(next, money)
      return { state: 'booked', parts: parts(next) }
    },
    toldDifferently: (book, first, inbound) => {
      const detail =
        `flow ${inbound.flow}: first told as ${first.amount} minor units to ${first.subAccount}, ` +
        `then as ${inbound.amount} to ${inbound.subAccount}; ${first.state}`
      const difference = inbound.amount - (first.state === 'booked' ? first.amount : 0n)
      return looseItem(book, {
        kind: 'inbound_told_differently',
        amount: difference < 0n ? -difference : difference,
        side: difference < 0n ? 'ours' : 'bank',
        reference: inbound.flow,
        detail,
      })
    },
  }

  async function recognised(
    view: Case,
    { flow, amount, currency, memo, date, kind }: Inbound,
    { role, confirmed }: { readonly role: string; readonly confirmed: boolean },
  ): Promise<Recognised | undefined> {
    const account = accountFor(view, role, 'received')?.ledgerAccount
    if (kind !== 'credited' || account === undefined) return undefined
    return clearing.recognise(view.book, {
      ...{ flow, amount, currency, memo, date, account, confirmed },
    })
  }

  /** Cash for money the payer was credited with before. */
  function cleared(
    next: Draft,
    money: decide.Received,
    known: Extract<Recognised, { kind: 'clears' }>,
  ): Parts {
    const { transit, credited, roots, open, effects } = known
    decide.received(next, { ...money, clears: { transit, credited } })
    const own = parts(next)
    return {
      ...own,
      roots: [...own.roots, ...roots],
      open: [...(own.open ?? []), ...open],
      effects: [...(own.effects ?? []), ...effects],
    }
  }

  function toSuspense(book: number, inbound: Inbound, why = 'by nobody we know'): Parts {
    const { cash, suspense, orgId } = pool(book)
    const { flow, amount, subAccount } = inbound
    const detail = `paid to ${subAccount}, ${why}`
    const item = newItem(
      { kind: 'suspense_inbound', amount, side: 'neither', reference: flow, detail },
      clock.now(),
    )
    return {
      roots: [`open_item:${item.id}`],
      transfers: [
        {
          type: 'post',
          id: derivedUuid('custody.transfer', `inbound/${flow}`),
          legs: [{ debit: cash, credit: suspense, amount }],
          purpose: 'suspense',
        },
      ],
      effects: [applied(store.insertOpenItem, { orgId, item })],
    }
  }
}

async function callOf(
  instruction: Instruction,
  view: Case,
  { db, seal }: { db: Db; seal: PersonalSeal },
): Promise<ChannelCall> {
  const step = present(
    view.steps.find(({ id }) => id === instruction.step),
    `step ${instruction.step}`,
  )
  const party = present(
    view.parties.find(({ role }) => role === step.role),
    `party ${step.role}`,
  )
  const { member, subAccount } = party
  switch (step.kind) {
    case 'freeze':
    case 'unfreeze':
      return { operation: step.kind, member, subAccount, amount: step.amount, order: step.order }
    case 'pay':
      return { operation: 'pay', member, subAccount, order: step.order, legs: legsOf(view, step) }
    case 'collect':
      throw new Bug('a tranche that is awaited is not an instruction')
  }
  const at = { book: view.book, caseId: view.id, role: step.role }
  const row = present(await reads.loadSealedParty(db, at), `party ${step.role}`)
  const place = partyPlace(view.orgId, view.id, step.role)
  const name = seal.open('name', row.name, { ...place, column: 'name' })
  const account = seal.open('card', row.account, { ...place, column: 'account' })
  if (step.kind === 'withdraw') {
    const { amount } = step
    return { operation: 'withdraw', member, subAccount, name, account, amount, memo: view.deal }
  }
  const mobile = seal.open('phone', row.mobile, { ...place, column: 'mobile' })
  const idNumber = seal.open('id_number', row.idNumber, { ...place, column: 'id_number' })
  const who = { member, kind: row.kind, name, idNumber, mobile }
  return step.kind === 'open_sub_account'
    ? { operation: 'open_sub_account', ...who }
    : { operation: 'bind_account', ...who, account, bank: row.bank }
}

/** Each leg's own number at the bank follows from its step, so that a second try is seen as one. */
function legsOf(view: Case, step: Step) {
  return step.legs.map(({ to, amount }: StepLeg, i) => {
    const role = present(
      view.accounts.find(({ name }) => name === to),
      `account ${to}`,
    ).role
    const payee = present(
      view.parties.find((party) => party.role === role),
      `party ${role}`,
    )
    const line = `${step.id}${String(i).padStart(2, '0')}`
    return { line, member: payee.member, subAccount: payee.subAccount, amount }
  })
}
