import type { Uuid } from '#base'
import type { Command, CommandResult, TransferResult } from '../command.ts'
import type { TransferRequest } from '../transfer.ts'
import type { Looked } from './look-up.ts'

/** One caller's request in the queue: a command, or a bare transfer. */
export interface Entry {
  readonly command: Command | undefined
  readonly requests: readonly TransferRequest[]
  /** Takes a TransferResult when there is no command. */
  readonly resolve: (result: CommandResult | TransferResult) => void
  readonly reject: (error: Error) => void
  /** What the database knows of its ids, once asked. */
  looked: Looked | undefined
  /** Ids this entry has asked the database about and not settled yet. */
  owned: Uuid[] | undefined
}

export function bareEntry(
  request: TransferRequest,
  resolve: (result: TransferResult) => void,
  reject: (error: Error) => void,
): Entry {
  return {
    command: undefined,
    requests: [request],
    resolve: resolve as Entry['resolve'],
    reject,
    looked: undefined,
    owned: undefined,
  }
}

export function commandEntry(
  command: Command,
  resolve: (result: CommandResult) => void,
  reject: (error: Error) => void,
): Entry {
  return {
    command,
    requests: command.transfers ?? [],
    resolve: resolve as Entry['resolve'],
    reject,
    looked: undefined,
    owned: undefined,
  }
}

const UUID = /^[0-9a-f]{32}$/

/** Whether every id that is written down or looked for is 32 lower-case hex digits. */
export function hasUuids({ command, requests }: Entry): boolean {
  for (const request of requests) {
    if (!UUID.test(request.id)) return false
    if ('hold' in request && !UUID.test(request.hold)) return false
    if (request.type === 'reverse' && !UUID.test(request.subject)) return false
  }
  return command?.open?.every(({ id }) => UUID.test(id)) ?? true
}

/** Whether the entry changes nothing but balances, so that its batch may fly beside another. */
export function isBare(entry: Entry): boolean {
  const [request] = entry.requests
  return (
    entry.command === undefined && !(request?.type === 'hold' && request.expiresAt !== undefined)
  )
}
