/**
 * Custody: opens cases from deals, carries them along as the bank and the world report, and answers
 * what stands. Every change is one command on the book's writer, decided on a version of the case.
 */
import {
  applied,
  Bug,
  type DueHandler,
  type DueWork,
  derivedUuid,
  doneDue,
  type EffectRow,
  Personal,
  type PersonalSeal,
  present,
  type Uuid,
  type World,
} from '#base'
import {
  type Channel,
  createDesk,
  type Desk,
  type NoticeRequest,
  type NoticeTaken,
} from '#channels'
import type { AccountOpening, Ledger } from '#ledger'
import { advance } from './advance.ts'
import { type Case, caseRoot, memberOf, type OpenItem } from './case.ts'
import { type Deal, type Party, readDeal } from './deal.ts'
import * as decide from './decide.ts'
import { addStep, type Draft, draftOf, isUnchanged, type PoolAccounts } from './draft.ts'
import { createOwner, partyPlace } from './owner.ts'
import { DEADLINE, openingEffects, partsOf } from './parts.ts'
import type { Problem } from './problem.ts'
import { matchStatement, type Proof } from './prove.ts'
import * as reads from './reads.ts'
import type { CustodyRefusalCode } from './refusals.ts'
import { type Purpose, type Scheme, schemeHash } from './scheme.ts'
import * as store from './store.ts'

export interface CustodyOptions {
  readonly world: World
  readonly ledger: Ledger
  readonly seal: PersonalSeal
  readonly schemes: readonly Scheme[]
  /** How long an instruction stays good before it is cancelled as never sent. */
  readonly validMs?: number
  /** How often the bank's list of what came in is read. */
  readonly listEveryMs?: number
  /** Work may be due at once: wakes the sweeper. */
  readonly onPlanned?: () => void
}

export interface CaseRefused {
  readonly refused: CustodyRefusalCode
  readonly problems?: readonly Problem[]
}

export interface Custody {
  /** Finds the book of a pool, or opens one. Connects it to its channel. */
  openPool(pool: {
    readonly orgId: number
    readonly name: string
    readonly poolNo: string
    readonly channel: Channel
  }): Promise<number>
  /** Opens a case from a deal document (JSON text or value). The bank is asked at once. */
  openCase(book: number, deal: unknown): Promise<{ readonly id: Uuid } | CaseRefused>
  /** Tells a case what is known of the world, such as `registration` `passed`. */
  reportFact(
    book: number,
    id: Uuid,
    told: { readonly fact: string; readonly value: string },
  ): Promise<CaseRefused | undefined>
  /** Tries a failed step once more. */
  retryStep(book: number, id: Uuid, step: Uuid): Promise<CaseRefused | undefined>
  case(book: number, id: Uuid): Promise<Case | undefined>
  openItems(book: number): Promise<OpenItem[]>
  takeNotice(book: number, request: NoticeRequest): Promise<NoticeTaken>
  /** Compares our book with the bank's files of business dates `yyyymmdd`; differences become open items. */
  prove(book: number, dates: readonly string[]): Promise<Proof>
  /** For the due sweeper. */
  readonly handlers: Readonly<Record<string, DueHandler>>
  readonly desk: Desk
}

const CODES: Record<Purpose, string> = {
  received: '2241.02',
  guarantee: '2241.05',
  payable: '2241.03',
}
const PAYOUTS = '2241.04'
const DECISIONS_MAX = 100

type Pool = PoolAccounts & { readonly orgId: number; readonly currency: string }

export function createCustody(options: CustodyOptions): Custody {
  const { world, ledger, seal, schemes } = options
  const { db, clock, log } = world
  const pools = new Map<number, Pool>()
  const pool = (book: number) => present(pools.get(book), `book ${book} is not an open pool`)
  const parts = (draft: Draft) => partsOf(draft, (intent) => desk.intend(draft.before.book, intent))
  const desk: Desk = createDesk({
    db,
    clock,
    log,
    seal,
    writer: (book) => ledger.writer(book),
    owner: createOwner({ db, clock, seal, pool, parts }),
    ...(options.validMs === undefined ? {} : { validMs: options.validMs }),
    ...(options.listEveryMs === undefined ? {} : { listEveryMs: options.listEveryMs }),
    ...(options.onPlanned === undefined ? {} : { onPlanned: options.onPlanned }),
  })

  const openPool: Custody['openPool'] = async ({ orgId, name, poolNo, channel }) => {
    const known = (await reads.listPools(db)).find(
      (each) => each.channel === channel.name && each.poolNo === poolNo,
    )
    const number = known?.book ?? (await bookNamed(ledger, { orgId, name }))
    const writer = ledger.writer(number)
    desk.attach(number, orgId, channel)
    if (known === undefined) {
      const payouts = derivedUuid('custody.account', `${number}/payouts`)
      await writer.submit({
        roots: ['pool'],
        open: [{ id: payouts, code: PAYOUTS, name: 'Payouts on their way' }],
        effects: [
          applied(store.insertPool, { orgId, channel: channel.name, poolNo }),
          ...desk.startLists(number, orgId),
        ],
      })
    }
    const account = (code: string) =>
      present(writer.accountByCode(code), `the account ${code} of book ${number}`).id
    pools.set(number, {
      orgId,
      currency: writer.book.currency,
      cash: account('1012.02'),
      suspense: account('2241.06'),
      payouts: account(PAYOUTS),
    })
    return number
  }

  const openCase: Custody['openCase'] = async (book, input) => {
    const read = readDeal(input, schemes)
    if (!('deal' in read)) return { refused: 'deal_not_valid', problems: read }
    const { deal } = read
    const { orgId } = pool(book)
    if ((await reads.findDeal(db, { book, orgId, deal: deal.deal })) !== undefined) {
      return { refused: 'deal_exists' }
    }
    const scheme = schemes.find((each) => each.scheme === deal.scheme)!
    const view = newCase({ book, orgId, id: world.ids.uuid(), deal, scheme })
    const draft = draftOf(view, clock.now(), pool(book))
    for (const { role } of view.parties) {
      addStep(draft, { milestone: '', kind: 'open_sub_account', role })
      addStep(draft, { milestone: '', kind: 'bind_account', role })
    }
    advance(draft)
    // The case row is new: there is no version to guard.
    const [, ...effects] = parts(draft).effects ?? []
    const result = await ledger.writer(book).submit({
      roots: [caseRoot(view.id), `deal:${orgId}/${deal.deal}`],
      open: openings(view),
      effects: [
        applied(store.insertCase, {
          orgId,
          id: view.id,
          deal: deal.deal,
          scheme,
          schemeHash: schemeHash(scheme),
          amounts: deal.amounts,
        }),
        ...deal.parties.map((party) => sealedParty(seal, { view, party })),
        ...openingEffects(view),
        ...effects,
      ],
      events: [{ kind: 'custody.case_opened', aggregate: view.id, payload: null, orgId }],
    })
    if (result.status === 'stale') return { refused: 'deal_exists' }
    options.onPlanned?.()
    return { id: view.id }
  }

  /** Decides on the case as it stands and submits, until nothing has moved in between. */
  const command = async (
    book: number,
    id: Uuid,
    decideOn: (
      draft: Draft,
    ) => CustodyRefusalCode | undefined | Promise<CustodyRefusalCode | undefined>,
    also: readonly EffectRow[] = [],
  ): Promise<CaseRefused | undefined> => {
    for (let attempt = 1; attempt <= DECISIONS_MAX; attempt += 1) {
      const view = await reads.loadCase(db, book, id)
      if (view === undefined) return { refused: 'case_not_found' }
      const draft = draftOf(view, clock.now(), pool(book))
      const refused = await decideOn(draft)
      if (refused !== undefined) return { refused }
      if (isUnchanged(draft) && also.length === 0) return undefined
      const { effects = [], ...rest } = parts(draft)
      const result = await ledger.writer(book).submit({ ...rest, effects: [...effects, ...also] })
      if (result.status === 'committed') {
        options.onPlanned?.()
        return undefined
      }
      if (result.status === 'refused') {
        throw new Bug(`the ledger refused transfer ${result.transfer}: ${result.code}`)
      }
      // `replayed`: another command has booked these very transfers since; decided again as `stale` is.
    }
    throw new Error(`Case ${id} moved ${DECISIONS_MAX} times while a command was decided.`)
  }

  const reportFact: Custody['reportFact'] = (book, id, { fact, value }) =>
    command(book, id, async (draft) => {
      const writer = ledger.writer(book)
      const free = new Map<string, bigint>()
      for (const { name, ledgerAccount } of draft.before.accounts) {
        const balance = present(await writer.balance(ledgerAccount), `the balance of ${name}`)
        free.set(name, balance.creditsPosted - balance.debitsPosted - balance.debitsPending)
      }
      return decide.factReported(draft, fact, value, (name) => free.get(name) ?? 0n)
    })

  const passDeadline = async (work: DueWork): Promise<void> => {
    const [id = '', milestone = ''] = work.key.split('/')
    const also = [applied(doneDue, work)]
    await command(
      work.book,
      id,
      (draft) => {
        decide.deadlinePassed(draft, milestone)
        return undefined
      },
      also,
    )
  }

  return {
    openPool,
    openCase,
    reportFact,
    retryStep: (book, id, step) => command(book, id, (draft) => decide.stepRetried(draft, step)),
    case: (book, id) => reads.loadCase(db, book, id),
    openItems: (book) => reads.listOpenItems(db, book),
    takeNotice: (book, request) => desk.takeNotice(book, request),
    prove: (book, dates) =>
      matchStatement({ db, clock, ledger, desk, pool: pool(book) }, book, dates),
    handlers: { ...desk.handlers, [DEADLINE]: { run: passDeadline } },
    desk,
  }
}

/** A custody book left without its pool by a crash, or a new one. */
async function bookNamed(ledger: Ledger, at: { orgId: number; name: string }): Promise<number> {
  for (let after = 0; ; ) {
    const books = await ledger.books(after, 100)
    const found = books.find(
      (book) => book.chart === 'custody_pool' && book.name === at.name && book.orgId === at.orgId,
    )
    if (found !== undefined) return found.number
    const last = books.at(-1)
    if (last === undefined) break
    after = last.number
  }
  return (await ledger.createBook({ ...at, currency: 'CNY', chart: 'custody_pool' })).number
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
