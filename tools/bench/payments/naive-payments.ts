/**
 * The naive payments, as one writes them first: every step of a payment is a database tx of its own
 * over 32 pooled connections, behind the same contract and over the same rail. Insert the payment;
 * mark it as sending; call; note that it was accepted; and when the rail calls back, lock it, book two
 * entries and update two balances.
 *
 * It keeps the rule without which it would be wrong and not only slow: what is meant is committed
 * before the call.
 */
import pg from 'pg'
import type { World } from '../../../server/src/base/index.ts'
import type { PaymentChannel, PaymentOutcome } from '../../../server/src/channels/index.ts'
import type {
  Attempt,
  NewPayIn,
  Opened,
  PayIn,
  Payments,
} from '../../../server/src/payments/index.ts'
import { destinations } from './order.ts'

const CONNECTIONS = 32
const TRANSIT = '00000000000000000000000000000001'

export const NAIVE_PAYMENT_TABLES = `
  create schema naive_payment;
  create table naive_payment.account (id uuid primary key, balance bigint not null);
  create table naive_payment.payment (
    id uuid primary key,
    key text not null unique,
    reference text not null unique,
    destination uuid not null,
    amount bigint not null check (amount > 0),
    state text not null check (state in ('created', 'sending', 'accepted', 'succeeded', 'failed')),
    channel_reference text,
    made_at timestamptz not null,
    moved_at timestamptz not null default now()
  );
  create table naive_payment.entry (
    id bigint generated always as identity primary key,
    payment_id uuid not null,
    account_id uuid not null,
    amount bigint not null,
    balance_after bigint not null
  );
  create index entry_history on naive_payment.entry (account_id, id);
  insert into naive_payment.account values ('${TRANSIT}', 0);
  insert into naive_payment.account
    select id::uuid, 0 from unnest('{${destinations('uniform').join(',')}}'::text[]) as id;`

const INSERT = `insert into naive_payment.payment
    (id, key, reference, destination, amount, state, made_at)
  values ($1, $2, $3, $4, $5, 'created', $6)`
const SENDING = `update naive_payment.payment set state = 'sending', moved_at = now()
  where id = $1 and state = 'created'`
// A callback may be faster than the reply.
const ACCEPTED = `update naive_payment.payment
  set state = case when state = 'sending' then 'accepted' else state end, channel_reference = $2,
    moved_at = now()
  where id = $1 returning state`
const LOCK_PAYMENT = `select id, state, amount, destination as "to" from naive_payment.payment
  where reference = $1 for update`
const SUCCEEDED = `update naive_payment.payment
  set state = 'succeeded', channel_reference = $2, moved_at = now() where id = $1`
const LOCK_ACCOUNTS = `select id, balance from naive_payment.account
  where id in ($1, $2) order by id for update`
const ENTRIES = `insert into naive_payment.entry (payment_id, account_id, amount, balance_after)
  values ($1, $2, $3, $4), ($1, $5, $6, $7)`
const BALANCE = `update naive_payment.account set balance = balance + $2 where id = $1`

type Run = (name: string, text: string, values: unknown[]) => Promise<pg.QueryResult>

async function inTx<T>(pool: pg.Pool, work: (run: Run) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const done = await work((name, text, values) => client.query({ name, text, values }))
    await client.query('commit')
    return done
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

export interface NaiveOptions {
  readonly url: string
  readonly world: Pick<World, 'clock'>
  readonly channel: PaymentChannel
}

/** What the routes of payments ask for, done naively. */
export function naivePayments(options: NaiveOptions): Pick<Payments, 'openPayIn' | 'takeCallback'> {
  const { url, world, channel } = options
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS })
  return {
    openPayIn: async (wanted) => {
      const at = world.clock.now()
      const reference = channel.reference(wanted.book, wanted.id, at)
      const { id, requestHash, destination, amount } = wanted
      const made = [id, requestHash + id, reference, destination, amount, new Date(at)]
      await inTx(pool, (run) => run('insert', INSERT, made))
      await inTx(pool, (run) => run('sending', SENDING, [id]))
      const { currency, subject, expiresAt, payer } = wanted
      const sent = await channel.collect!(
        {
          ...{ reference, at, amount, currency, subject, expiresAt, method: 'collection' },
          ...(payer === undefined ? {} : { payer }),
        },
        { sendBeforeMono: world.clock.mono() + channel.timing.sendWithinMs },
      )
      if (sent.result !== 'accepted') throw new Error(`the rail did not take it: ${sent.message}`)
      await inTx(pool, (run) => run('accepted', ACCEPTED, [id, sent.bankReference]))
      return opened(wanted, { reference, at, channel: channel.name }, sent)
    },
    takeCallback: async (_name, request) => {
      const told = channel.parseCallback(request)
      if ('refused' in told || told.kind !== 'outcome' || told.outcome.result !== 'succeeded') {
        return { taken: false, reply: channel.answerCallback(false) }
      }
      await book(pool, told.reference, told.outcome)
      return { taken: true, reply: channel.answerCallback(true) }
    },
  }
}

async function book(pool: pg.Pool, reference: string, outcome: PaymentOutcome): Promise<void> {
  await inTx(pool, async (run) => {
    const found = await run('lock_payment', LOCK_PAYMENT, [reference])
    const [payment] = found.rows as { id: string; state: string; amount: string; to: string }[]
    if (payment === undefined) throw new Error(`no payment ${reference}`)
    if (payment.state === 'succeeded') return
    const amount = BigInt(payment.amount)
    if (outcome.amount !== amount) throw new Error(`${reference} tells of another amount`)
    await run('succeeded', SUCCEEDED, [payment.id, outcome.bankReference])
    const locked = await run('lock_accounts', LOCK_ACCOUNTS, [TRANSIT, payment.to])
    const balances = new Map<string, bigint>(
      locked.rows.map(({ id, balance }) => [id.replaceAll('-', ''), BigInt(balance)]),
    )
    const after = (id: string, by: bigint) => balances.get(id.replaceAll('-', ''))! + by
    await run('entries', ENTRIES, [
      ...[payment.id, TRANSIT, -amount, after(TRANSIT, -amount)],
      ...[payment.to, amount, after(payment.to, amount)],
    ])
    await run('balance', BALANCE, [TRANSIT, -amount])
    await run('balance', BALANCE, [payment.to, amount])
  })
}

/** The answer, in the form of the platform's. */
function opened(
  wanted: NewPayIn,
  by: { readonly reference: string; readonly at: number; readonly channel: string },
  { code, message, bankReference = '' }: PaymentOutcome,
): Opened {
  const { book, id, destination, amount, currency, subject, late, attributes } = wanted
  const { expiresAt, requestHash, bank, accountType } = wanted
  const { at, reference, channel } = by
  const payIn: PayIn = {
    ...{ book, orgId: 1, id, destination, amount, currency, state: 'open', subject, late },
    ...{ attributes, attempts: 1, openAttempts: 1, expiresAt, requestHash },
    ...{ madeAt: at, movedAt: at },
  }
  const attempt: Attempt = {
    ...{ book, orgId: 1, id, direction: 'collect', owner: `pay_${book}_${id}`, number: 1, channel },
    ...{ method: 'collection', bank, accountType, amount, currency, at, validUntil: expiresAt },
    ...{ reference, state: 'accepted', sends: 0, notFound: 0, overdue: false, code, message },
    ...{ channelReference: bankReference, bookedTo: '', refunding: 0n, refunded: 0n, refunds: 0 },
    ...{ route: undefined, movedAt: at },
  }
  return { payIn, attempts: [attempt], replayed: false }
}
