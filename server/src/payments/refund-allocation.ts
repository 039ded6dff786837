/**
 * Which pay-ins a refund is taken from, and how much from each.
 *
 * Order of sources: those whose original route is open before those where it is closed, because the
 * original route needs nobody's approval; among the open ones the one that closes first, so that the
 * next refund still finds an open one. Ties go to the smaller room, then to the id.
 */
import type { Instant, Uuid } from '#base'

/** What a pay-in's collection can still give back. */
export interface RefundSource {
  /** The attempt that collected the money. */
  readonly collection: Uuid
  /** Minor units neither refunded, nor being refunded, nor charged back. */
  readonly room: bigint
  /** Whether money can go back the way it came. */
  readonly open: boolean
  /** When that way closes; only of an open one. */
  readonly closesAt: Instant
  /** False when the rail gives back all or nothing: it is then used only for its whole room. */
  readonly partial: boolean
}

export interface RefundShare {
  readonly collection: Uuid
  /** Minor units, at least 1. */
  readonly amount: bigint
  readonly open: boolean
}

/**
 * Splits `total` (minor units) over sources. The shares sum to the total exactly; `undefined` when
 * the sources have less room than that, or the total is not positive. A share of a source that
 * cannot give back a part is its whole room, or it is marked as not open.
 */
export function allocateRefund(
  total: bigint,
  sources: readonly RefundSource[],
): RefundShare[] | undefined {
  if (total < 1n) return undefined
  const shares: RefundShare[] = []
  let left = total
  for (const source of [...sources].sort(inOrder)) {
    if (left === 0n) break
    if (source.room < 1n) continue
    const amount = source.room < left ? source.room : left
    const open = source.open && (source.partial || amount === source.room)
    shares.push({ collection: source.collection, amount, open })
    left -= amount
  }
  return left === 0n ? shares : undefined
}

function inOrder(a: RefundSource, b: RefundSource): number {
  if (a.open !== b.open) return a.open ? -1 : 1
  if (a.open && a.closesAt !== b.closesAt) return a.closesAt - b.closesAt
  if (a.room !== b.room) return a.room < b.room ? -1 : 1
  return a.collection < b.collection ? -1 : a.collection > b.collection ? 1 : 0
}
