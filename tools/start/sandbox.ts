/**
 * The seeded order of `npm start`: one order of one buyer, the same at every start on one database,
 * that any amount can be paid to.
 *
 * An order is an account of the buyer's in the pool that the rails settle into. Its id follows from its
 * number, so that a start after a crash finds the order and makes no second one.
 */
import { derivedUuid, publicId } from '../../server/src/base/index.ts'
import type { RunningServer } from '../../server/src/main.ts'
import { COLLECTION_POOL } from '../rails/channel-file.ts'
import { StartProblem } from './problem.ts'
import type { Sandbox } from './sandbox-file.ts'

/** The number of the seeded order, which its account is named by. */
export const ORDER_NUMBER = 'SANDBOX-0001'
/** 待划付资金: held for a payer. */
const HELD_FOR_PAYER = '2241.02'
const READY_MS = 30_000
const LOOK_MS = 50

/** Opens the account of the seeded order, or finds it, once the pool's book is there. */
export async function seedOrder(server: RunningServer): Promise<Pick<Sandbox, 'book' | 'order'>> {
  const book = await poolBook(server)
  const id = derivedUuid('sandbox.order', ORDER_NUMBER)
  const writer = server.ledger.writer(book)
  if ((await writer.balance(id)) === undefined) {
    const name = `Order ${ORDER_NUMBER}`
    await writer.submit({ roots: [id], open: [{ id, code: HELD_FOR_PAYER, name }] })
  }
  return { book: `book_${book}`, order: publicId('acc', book, id) }
}

/** The pool's book, once this server writes it. */
async function poolBook({ parts, ledger, world }: RunningServer): Promise<number> {
  const { clock } = world
  const until = clock.mono() + READY_MS
  for (;;) {
    const book = parts?.poolBook(COLLECTION_POOL)
    if (book !== undefined && ledger.owned().includes(book)) return book
    if (clock.mono() > until) {
      throw new StartProblem(
        `The book "${COLLECTION_POOL}" is not there after ${READY_MS / 1000} s. Unset ` +
          'TENON_CHANNELS to work with the channels of the sandbox.',
      )
    }
    await clock.sleep(LOOK_MS, 'sandbox')
  }
}
