/**
 * What a command changes in memory beside balances: accounts opened, frozen, closed or limited, holds
 * pinned, the period closed. Each change notes its way back.
 */
import type { Book } from '../book.ts'
import { CHARTS } from '../charts.ts'
import type { AccountChange, Command } from '../command.ts'
import type { Batch } from './batch.ts'
import { touch } from './decide.ts'
import type { Memory } from './memory.ts'

/** The batch that is being decided, and what it changes. */
interface Changed {
  readonly batch: Batch
  readonly memory: Memory
  readonly book: Book
  /** Whether an order freezes all that this holder has, accounts not opened yet included. */
  readonly isFrozen?: ((holder: string) => boolean) | undefined
}

/** Opens the command's accounts in memory; names what stands in the way. */
export function openAccounts(on: Changed, { open = [] }: Command): string | undefined {
  const { batch, memory, book } = on
  for (const opening of open) {
    const chart = CHARTS[book.chart]?.find((row) => row.code === opening.code)
    const taken = memory.find(opening.id) >= 0
    const second = chart?.single === true && memory.numbersByCode.has(opening.code)
    if (chart === undefined || taken || second) return 'ledger.open_account'
    const index = memory.addAccount({
      id: opening.id,
      code: opening.code,
      name: opening.name,
      holder: opening.holder,
      side: chart.side,
      creditLimit: opening.creditLimit === undefined ? chart.creditLimit : opening.creditLimit,
      state: isFrozen(on, opening.holder) ? 'frozen' : 'open',
    })
    batch.undo.rare.push(() => memory.dropAccount(index))
  }
  return undefined
}

const isFrozen = (on: Changed, holder: string | undefined): boolean =>
  holder !== undefined && on.isFrozen?.(holder) === true

/** Makes the other changes of a command in memory; names what stands in the way. */
export function makeChanges(on: Changed, command: Command): string | undefined {
  const { batch, memory } = on
  for (const change of command.change ?? []) {
    if (!changeAccount(on, change)) return 'ledger.change_account'
  }
  for (const { hold: id, pinned } of command.pin ?? []) {
    const hold = memory.holds.get(id)
    if (hold === undefined || hold.state !== 'open') return 'ledger.pin_hold'
    const before = hold.pinned
    batch.undo.rare.push(() => {
      hold.pinned = before
    })
    hold.pinned = pinned
    touch(batch, hold)
  }
  if (command.closeBefore !== undefined) {
    const before = memory.closedBefore
    if (before !== undefined && command.closeBefore <= before) return 'ledger.close_before'
    batch.undo.rare.push(() => {
      memory.closedBefore = before
    })
    memory.closedBefore = command.closeBefore
    batch.closeBefore = command.closeBefore
  }
  for (const opening of command.open ?? []) {
    const account = memory.find(opening.id)
    batch.openings.add(memory, account)
    // It is inserted as open; its row is then written with its state, like that of any other change.
    if (memory.stateOf(account) !== 'open') batch.forced.add(account)
  }
  return undefined
}

function changeAccount(on: Changed, change: AccountChange): boolean {
  const { batch, memory } = on
  const account = memory.find(change.account)
  if (account < 0) return false
  if (change.state !== undefined) {
    if (change.state === 'closed' && !memory.isEmpty(account)) return false
    // While an order stands nobody opens what it froze, whoever may freeze and unfreeze otherwise.
    if (change.state === 'open' && isFrozen(on, memory.holderOf(account))) return false
    memory.setState(batch.undo, account, change.state)
  }
  if (change.creditLimit !== undefined) {
    memory.setLimit(batch.undo, account, change.creditLimit)
    if (memory.limited(account) && memory.room(account) < 0n) return false
  }
  batch.forced.add(account)
  return true
}
