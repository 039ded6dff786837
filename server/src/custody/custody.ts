/**
 * Custody: opens cases from deals, carries them along as the bank and the world report, and answers
 * what stands. Every change is one command on the book's writer, decided on a version of the case.
 */
import { applied, type DueHandler, type DueWork, doneDue, present, type Uuid } from '#base'
import type { Desk, NoticeRequest, NoticeTaken } from '#channels'
import type { Case, OpenItem } from './case.ts'
import * as reads from './case-store.ts'
import {
  type CaseRefused,
  type CustodyContext,
  type CustodyOptions,
  createContext,
} from './context.ts'
import * as decide from './decide.ts'
import type { Draft } from './draft.ts'
import { openCase } from './open-case.ts'
import { type NewPool, openPool } from './open-pool.ts'
import { DEADLINE } from './parts.ts'
import { matchStatement, type Proof } from './prove.ts'

export interface Custody {
  /** Finds the book of a pool, or opens one. Connects it to its channel. */
  openPool(pool: NewPool): Promise<number>
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

export function createCustody(options: CustodyOptions): Custody {
  const custody = createContext(options)
  const { world, ledger, desk } = custody
  const { db, clock } = world
  return {
    openPool: (pool) => openPool(custody, pool),
    openCase: (book, deal) => openCase(custody, book, deal),
    reportFact: (book, id, { fact, value }) =>
      custody.command({ book, id }, async (draft) => {
        const money = await caseMoney(custody, draft)
        return decide.factReported(draft, fact, value, money)
      }),
    retryStep: (book, id, step) =>
      custody.command({ book, id }, (draft) => decide.stepRetried(draft, step)),
    case: (book, id) => reads.loadCase(db, book, id),
    openItems: (book) => reads.listOpenItems(db, book),
    takeNotice: (book, request) => desk.takeNotice(book, request),
    prove: (book, dates) =>
      matchStatement(
        { db, clock, ledger, desk, clearing: custody.clearing, pool: custody.pool(book) },
        book,
        dates,
      ),
    handlers: { ...desk.handlers, [DEADLINE]: { run: (work) => passDeadline(custody, work) } },
    desk,
  }
}

/** What may leave each account of a case now; the case's version guards that it still may later. */
async function caseMoney(
  { ledger, clearing }: CustodyContext,
  { before }: Draft,
): Promise<decide.CaseMoney> {
  const writer = ledger.writer(before.book)
  const free = new Map<string, bigint>()
  for (const { name, ledgerAccount } of before.accounts) {
    const balance = present(await writer.balance(ledgerAccount), `the balance of ${name}`)
    free.set(name, balance.creditsPosted - balance.debitsPosted - balance.debitsPending)
  }
  // Asked for after the balances: what is credited in between was on its way before.
  const { accounts, book } = before
  const coming = await clearing.onItsWay(
    book,
    accounts.map(({ ledgerAccount }) => ledgerAccount),
  )
  const onItsWay = new Map(
    accounts.map(({ name, ledgerAccount }) => {
      const { uncleared = 0n, open = 0n } = coming.get(ledgerAccount) ?? {}
      return [name, uncleared + open]
    }),
  )
  return {
    available: (account) => free.get(account) ?? 0n,
    onItsWay: (account) => onItsWay.get(account) ?? 0n,
  }
}

async function passDeadline(custody: CustodyContext, work: DueWork): Promise<void> {
  const [id = '', milestone = ''] = work.key.split('/')
  const also = [applied(doneDue, work)]
  await custody.command(
    { book: work.book, id },
    (draft) => {
      decide.deadlinePassed(draft, milestone)
      return undefined
    },
    also,
  )
}
