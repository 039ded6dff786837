/** Attempts as they were made, for a replay of routing. */
import { type Instant, publicId, type Tx, type Uuid } from '#base'
import type { AccountType, CollectMethod, Direction } from '#channels'
import type { RecordedAttempt } from '#routing'

/** Attempts made from an instant on and before another, over all books, in the order they were made. */
export async function readRecordedAttempts(
  tx: Tx,
  from: Instant,
  to: Instant,
): Promise<RecordedAttempt[]> {
  const rows = await tx.query<{
    book_id: number
    id: Uuid
    owner: string
    number: number
    direction: Direction
    channel: string
    method: CollectMethod | ''
    bank: string
    account_type: AccountType | ''
    amount: bigint
    currency: string
    made_at: Date
    moved_at: Date
    state: string
    code: string
    route: unknown
  }>(
    `select book_id, id, owner, number, direction, channel, method, bank, account_type, amount,
            currency, made_at, moved_at, state, code, route
     from payments.attempt where made_at >= $1 and made_at < $2 order by made_at, book_id, id`,
    [new Date(from), new Date(to)],
  )
  return rows.map((row) => ({
    ...{ book: row.book_id, id: publicId('att', row.book_id, row.id) },
    ...{ owner: row.owner, number: row.number, direction: row.direction, channel: row.channel },
    ...{ method: row.method, bank: row.bank, accountType: row.account_type },
    ...{ amount: row.amount, currency: row.currency, state: row.state, code: row.code },
    ...{ madeAt: row.made_at.getTime(), movedAt: row.moved_at.getTime(), route: row.route },
  }))
}
