/**
 * A batch on its way into the database. Statements are sent without waiting for each other's
 * answers; the seal and the COMMIT go last, in one message. What the answers mean is decided here,
 * and nowhere else: a batch is committed only when COMMIT was answered by COMMIT.
 */
import type pg from 'pg'
import { insertOutboxSql, outboxColumns } from '#base'
import type { Book } from '../book.ts'
import type { Batch, Outcome } from './batch.ts'
import type { Entry } from './entry.ts'
import {
  CLOSE_BEFORE,
  FENCED_SQLSTATE,
  INSERT_ACCOUNTS,
  INSERT_HOLDS,
  INSERT_REFUSED,
  INSERT_REVERSALS,
  insertFull,
  insertPlain,
  SEAL,
  UPDATE_ACCOUNTS,
  UPDATE_HOLDS,
} from './store.ts'

/** No answer to a COMMIT for this long and the connection is given up, the outcome in doubt. */
const COMMIT_ANSWER_MS = 15_000

interface Sent {
  readonly answer: Promise<pg.QueryResult>
  readonly what: 'begin' | 'effect' | 'rows' | 'seal' | 'commit'
}

export interface FlightOptions {
  readonly client: pg.Client
  readonly book: Book
  readonly epoch: number
  /** The leaf table of the batch's first transfer, or the parent when it spans two. */
  readonly table: string
  /** The batch before it, when it is still in flight. */
  readonly before: Promise<Outcome> | undefined
}

/** Writes a batch; never throws. */
export async function fly(batch: Batch, options: FlightOptions): Promise<Outcome> {
  const { client } = options
  const sent: Sent[] = []
  client.connection.stream.cork()
  try {
    void send(client, sent, 'begin', { text: 'begin' })
    if (batch.effects.size > 0) return await flyWithEffects(batch, options, sent)
    stage(batch, options, sent)
    if (options.before !== undefined) {
      client.connection.stream.uncork()
      const before = await options.before
      if (before.kind !== 'committed') return await abort(client, sent, undefined)
      client.connection.stream.cork()
    }
    seal(batch, options, sent)
  } catch (error) {
    // Rows that cannot even be written down; nothing of the seal is on the wire yet.
    client.connection.stream.uncork()
    const ended = await abort(client, sent, undefined)
    return notSent(ended) ? { kind: 'data', sqlState: UNWRITABLE, error: error as Error } : ended
  } finally {
    client.connection.stream.uncork()
  }
  return await outcomeOf(sent)
}

/** Rolled back by us, with no error of the database's. */
function notSent(ended: Outcome): boolean {
  return ended.kind === 'retry' && ended.error === undefined
}

/** Effects first: whether their rows moved must be known before the seal. */
async function flyWithEffects(
  batch: Batch,
  options: FlightOptions,
  sent: Sent[],
): Promise<Outcome> {
  const { client } = options
  const at = new Date(batch.at)
  const moved: Promise<pg.QueryResult>[] = []
  for (const { effect, rows } of batch.effects.values()) {
    const values = [options.book.number, at, ...effect.columns(rows)]
    moved.push(send(client, sent, 'effect', { name: effect.name, text: effect.sql, values }))
  }
  stage(batch, options, sent)
  client.connection.stream.uncork()
  const answers = await Promise.allSettled(sent.map(({ answer }) => answer))
  const failed = answers.findIndex((answer) => answer.status === 'rejected')
  if (failed >= 0) {
    const { reason } = answers[failed] as PromiseRejectedResult
    return await abort(client, sent, { error: reason as Error, what: sent[failed]!.what })
  }
  const stale = staleEntries(batch, await Promise.all(moved))
  if (stale.size > 0) {
    const ended = await abort(client, sent, undefined)
    return notSent(ended) ? { kind: 'stale', entries: stale } : ended
  }
  client.connection.stream.cork()
  seal(batch, options, sent)
  client.connection.stream.uncork()
  return await outcomeOf(sent)
}

function staleEntries(batch: Batch, answers: readonly pg.QueryResult[]): Map<Entry, string> {
  const stale = new Map<Entry, string>()
  for (const [index, group] of [...batch.effects.values()].entries()) {
    const rows = answers[index]!.rows as { moved: string }[]
    if (rows.length === group.rows.length) continue
    const keys = new Set(rows.map(({ moved }) => moved))
    for (const [position, row] of group.rows.entries()) {
      if (!keys.has(group.effect.key(row))) stale.set(group.entries[position]!, group.effect.name)
    }
  }
  return stale
}

/** Rows that nothing before this batch can touch. */
function stage(batch: Batch, options: FlightOptions, sent: Sent[]): void {
  const { client, book } = options
  const at = new Date(batch.at)
  const rows = (name: string, text: string, values: unknown[]): void => {
    void send(client, sent, 'rows', { name, text, values })
  }
  if (batch.openings.count > 0) {
    const values = [book.number, book.orgId, at, batch.firstId - 1, ...batch.openings.params()]
    rows('open_accounts', INSERT_ACCOUNTS, values)
  }
  if (batch.rows.count > 0) {
    const { plain } = batch.rows
    const text = plain ? insertPlain(options.table) : insertFull(options.table)
    const name = `${plain ? 'plain' : 'full'} ${options.table}`
    rows(name, text, [book.number, book.orgId, at, ...batch.rows.transferParams()])
  }
  if (batch.rows.refusedCount > 0) {
    const head = [book.number, book.orgId, batch.seq, batch.firstId - 1, at]
    rows('refused', INSERT_REFUSED, [...head, ...batch.rows.refusedParams()])
  }
  if (batch.reversals.length > 0) {
    const subjects = batch.reversals.map(({ subject }) => subject)
    const reversals = batch.reversals.map(({ reversal }) => reversal)
    rows('reversals', INSERT_REVERSALS, [book.number, book.orgId, subjects, reversals])
  }
  if (batch.events.length > 0) {
    const events = batch.events.map((event) => ({ orgId: book.orgId, ...event }))
    const columns = outboxColumns(BigInt(batch.seq), events)
    rows('outbox', insertOutboxSql, [book.number, at, ...columns])
  }
}

/** Rows that must wait for the batch before, the seal and the COMMIT. */
function seal(batch: Batch, options: FlightOptions, sent: Sent[]): void {
  const { client, book } = options
  const rows = (name: string, text: string, values: unknown[]): void => {
    void send(client, sent, 'rows', { name, text, values })
  }
  if (batch.accounts.count > 0) {
    rows('accounts', UPDATE_ACCOUNTS, [book.number, batch.lastId, ...batch.accounts.params()])
  }
  const { inserts, updates } = batch.holdRows ?? {}
  if (inserts !== undefined) rows('holds', INSERT_HOLDS, [book.number, book.orgId, ...inserts])
  if (updates !== undefined) rows('hold_changes', UPDATE_HOLDS, [book.number, ...updates])
  if (batch.closeBefore !== undefined) {
    rows('close_before', CLOSE_BEFORE, [book.number, new Date(batch.closeBefore)])
  }
  void send(client, sent, 'seal', {
    name: 'seal',
    text: SEAL,
    values: [
      book.number,
      book.orgId,
      options.epoch,
      batch.seq,
      batch.firstId,
      batch.lastId,
      batch.checkpointId,
      new Date(batch.at),
      batch.rowsHash,
      batch.hash,
    ],
  })
  void send(client, sent, 'commit', { text: 'commit', query_timeout: COMMIT_ANSWER_MS })
}

interface Statement {
  readonly text: string
  readonly name?: string
  readonly values?: unknown[]
  readonly query_timeout?: number
}

function send(
  client: pg.Client,
  sent: Sent[],
  what: Sent['what'],
  statement: Statement,
): Promise<pg.QueryResult> {
  const answer = client.query(statement as pg.QueryConfig)
  // Looked at in order below; a rejection seen late must not count as unhandled.
  answer.catch(() => undefined)
  sent.push({ answer, what })
  return answer
}

async function abort(
  client: pg.Client,
  sent: readonly Sent[],
  cause: { error: Error; what: Sent['what'] } | undefined,
): Promise<Outcome> {
  const rollback = client.query('rollback').catch((error: Error) => error)
  const answers = await Promise.allSettled(sent.map(({ answer }) => answer))
  await rollback
  if (cause !== undefined) return failure(cause.error, cause.what)
  const failed = answers.find((answer) => answer.status === 'rejected')
  const error = failed?.reason as Error | undefined
  return error === undefined ? { kind: 'retry', error } : failure(error, 'rows')
}

async function outcomeOf(sent: readonly Sent[]): Promise<Outcome> {
  for (const { answer, what } of sent) {
    try {
      const result = await answer
      if (what === 'commit') {
        return result.command === 'COMMIT'
          ? { kind: 'committed' }
          : { kind: 'retry', error: new Error('the tx was rolled back') }
      }
    } catch (error) {
      const outcome = failure(error as Error, what)
      // The answers behind a failed statement are errors too; the tx is over once they are in.
      await Promise.allSettled(sent.map((each) => each.answer))
      return outcome
    }
  }
  throw new Error('a flight without a commit')
}

/** data_exception: what we say of values that cannot be written down. */
const UNWRITABLE = '22000'
const BLAMES_DATA = /^2[23]/
/**
 * An effect's statement is a module's own. One that PostgreSQL refuses as such (feature, cardinality,
 * raised by a function, syntax, limits) will be refused for ever, and must not stop the book.
 */
const BLAMES_EFFECT = /^(?:0A|2[123F]|3[89]|42|44|54|P0)/

/** What an error says about the batch. */
function failure(error: Error, what: Sent['what']): Outcome {
  const sqlState = (error as { code?: unknown }).code
  // Every SQLSTATE has a digit; EPIPE, a broken connection's code, has none.
  const answered = typeof sqlState === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(sqlState)
  // The driver could not write the values of an effect down.
  if (error instanceof TypeError && what === 'effect') {
    return { kind: 'data', sqlState: UNWRITABLE, error }
  }
  // Without an answer from the server the COMMIT, which is always on the wire by then, may have won.
  if (!answered || what === 'commit') return { kind: 'doubt', error }
  if (what === 'seal' && sqlState === FENCED_SQLSTATE) return { kind: 'fenced' }
  const blamed = what === 'effect' ? BLAMES_EFFECT : BLAMES_DATA
  if (blamed.test(sqlState)) return { kind: 'data', sqlState, error }
  // 53100 disk_full, 53200 out_of_memory; 25006 a server that has become read-only.
  if (sqlState.startsWith('53') || sqlState === '25006') return { kind: 'full', error }
  return { kind: 'retry', error }
}
