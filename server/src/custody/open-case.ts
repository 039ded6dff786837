/** Opens a case from a deal: its rows, its ledger accounts, and the first calls of the bank, at once. */
import { applied, derivedUuid, type EffectRow, Personal, type PersonalSeal, type Uuid } from '#base'
import type { AccountOpening } from '#ledger'
import { advance } from './advance.ts'
import { type Case, caseId, caseRoot, memberOf } from './case.ts'
import * as reads from './case-store.ts'
import type { CaseRefused, CustodyContext } from './context.ts'
import { type Deal, type Party, readDeal } from './deal.ts'
import { addStep, draftOf } from './draft.ts'
import { partyPlace } from './owner.ts'
import { openingEffects } from './parts.ts'
import { type Purpose, type Scheme, schemeHash } from './scheme.ts'
import * as store from './store.ts'

/** Ledger codes of a case's accounts. */
const CODES: Record<Purpose, string> = {
  received: '2241.02',
  guarantee: '2241.05',
  payable: '2241.03',
}

/** Opens a case from a deal document, JSON text or value. A deal number is used once. */
export async function openCase(
  custody: CustodyContext,
  book: number,
  input: unknown,
): Promise<{ readonly id: Uuid } | CaseRefused> {
  const { world, ledger, schemes } = custody
  const read = readDeal(input, schemes)
  if (!('deal' in read)) return { refused: 'deal_not_valid', problems: read }
  const { deal } = read
  const { orgId } = custody.pool(book)
  const known = await reads.findDeal(world.db, { book, orgId, deal: deal.deal })
  if (known !== undefined) return { refused: 'deal_exists' }
  const scheme = schemes.find((each) => each.scheme === deal.scheme)!
  const view = newCase({ book, orgId, id: world.ids.uuid(), deal, scheme })
  const result = await ledger.writer(book).submit({
    roots: [caseRoot(view.id), `deal:${orgId}/${deal.deal}`],
    open: openings(view),
    effects: [
      applied(store.insertCase, { ...view, schemeHash: schemeHash(scheme) }),
      ...deal.parties.map((party) => sealedParty(custody.seal, { view, party })),
      ...openingEffects(view),
      ...firstEffects(custody, view),
    ],
    events: [{ kind: 'custody.case_opened', aggregate: caseId(view), payload: null, orgId }],
  })
  if (result.status === 'stale') return { refused: 'deal_exists' }
  custody.onPlanned?.()
  return { id: view.id }
}

/** The bank is asked at once to open a sub-account for each party and to bind its bank account. */
function firstEffects(custody: CustodyContext, view: Case): readonly EffectRow[] {
  const draft = draftOf(view, custody.world.clock.now(), custody.pool(view.book))
  for (const { role } of view.parties) {
    addStep(draft, { milestone: '', kind: 'open_sub_account', role })
    addStep(draft, { milestone: '', kind: 'bind_account', role })
  }
  advance(draft)
  // The case row is new in this command: there is no version to guard.
  const [, ...effects] = custody.parts(draft).effects ?? []
  return effects
}

function newCase(from: {
  book: number
  orgId: number
  id: Uuid
  deal: Deal
  scheme: Scheme
}): Case {
  const { book, orgId, id, deal, scheme } = from
  return {
    book,
    orgId,
    id,
    deal: deal.deal,
    scheme,
    amounts: deal.amounts,
    state: 'opening',
    facts: {},
    version: 1,
    parties: deal.parties.map(({ role }) => ({
      role,
      kind: scheme.roles[role]!.kind,
      member: memberOf(id, role),
      subAccount: '',
      payTo: '',
    })),
    accounts: Object.entries(scheme.accounts).map(([name, { holder, purpose }]) => ({
      name,
      role: holder,
      purpose,
      ledgerAccount: derivedUuid('custody.account', `${id}/${name}`),
    })),
    milestones: scheme.milestones.map(({ name }) => ({ name, state: 'waiting' })),
    steps: [],
    items: [],
  }
}

function openings(view: Case): AccountOpening[] {
  return view.accounts.map(({ name, purpose, role, ledgerAccount }) => ({
    id: ledgerAccount,
    code: CODES[purpose],
    name: `${view.deal} ${name}`,
    holder: view.parties.find((party) => party.role === role)!.member,
  }))
}

function sealedParty(seal: PersonalSeal, { view, party }: { view: Case; party: Party }): EffectRow {
  const { role } = party
  const place = partyPlace(view.orgId, view.id, role)
  const { kind, member } = view.parties.find((each) => each.role === role)!
  return applied(store.insertParty, {
    orgId: view.orgId,
    caseId: view.id,
    role,
    kind,
    member,
    name: seal.seal(new Personal('name', party.name), { ...place, column: 'name' }),
    idNumber: seal.seal(new Personal('id_number', party.idNumber), {
      ...place,
      column: 'id_number',
    }),
    mobile: seal.seal(new Personal('phone', party.mobile), { ...place, column: 'mobile' }),
    account: seal.seal(new Personal('card', party.bankAccount.number), {
      ...place,
      column: 'account',
    }),
    bank: party.bankAccount.bank,
  })
}
