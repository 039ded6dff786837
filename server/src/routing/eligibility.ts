/**
 * What the capability matrix says of a request: the first reason why a channel cannot take it, and
 * what it would cost. Pure, and asked for every channel at every decision, so it makes no objects.
 *
 * A row with a bank or an account type does not apply to a request that does not say its own: what
 * is not known is not refused here, the channel itself will.
 */
import type { Capability, CollectMethod, Scope } from '#channels'
import { portion } from '#money'
import type { RouteRequest } from './decision.ts'
import { inWindow, type LocalTime } from './shanghai.ts'
import type { WhyCode } from './why.ts'

/** Whether a row of the matrix applies. */
function applies(row: Scope, request: RouteRequest): boolean {
  return (
    (row.direction === undefined || row.direction === request.direction) &&
    (row.accountType === undefined || row.accountType === request.accountType) &&
    (row.bank === undefined || row.bank === request.bank)
  )
}

/** Why the channel cannot take the request; `undefined` when it can. */
export function obstacle(
  capability: Capability,
  request: RouteRequest,
  time: LocalTime,
): WhyCode | undefined {
  const { direction, accountType, bank } = request
  if (capability.currency !== request.currency) return 'wrong_currency'
  if (!capability.directions.includes(direction)) return 'wrong_direction'
  if (direction === 'collect' && methodFor(capability, request) === undefined) {
    return 'wrong_method'
  }
  if (accountType !== undefined && !capability.accountTypes.includes(accountType)) {
    return 'wrong_account_type'
  }
  if (bank !== '' && capability.banks !== 'all' && !capability.banks.includes(bank)) {
    return 'bank_not_reached'
  }
  if (capability.notPermitted.some((row) => applies(row, request))) return 'not_permitted'
  if (request.tried.includes(capability.channel)) return 'tried'
  return limitObstacle(capability, request) ?? hoursObstacle(capability, request, time)
}

/** Every row that applies must hold: the tightest limit counts. */
function limitObstacle(capability: Capability, request: RouteRequest): WhyCode | undefined {
  const { channel, limits } = capability
  for (const row of limits) {
    if (!applies(row, request)) continue
    if (row.least !== undefined && request.amount < row.least) return 'under_least'
    if (row.perPayment !== undefined && request.amount > row.perPayment) return 'over_limit'
    if (row.perDay !== undefined) {
      const used = request.usedToday?.[channel] ?? 0n
      if (used + request.amount > row.perDay) return 'over_day_limit'
    }
    if (row.countPerDay !== undefined) {
      if ((request.countToday?.[channel] ?? 0) >= row.countPerDay) return 'over_day_count'
    }
  }
  return undefined
}

function hoursObstacle(
  capability: Capability,
  request: RouteRequest,
  time: LocalTime,
): WhyCode | undefined {
  const { maintenance, openHours } = capability
  if (maintenance.some((row) => applies(row, request) && inWindow(time, row))) {
    return 'in_maintenance'
  }
  // Rows of one scope are alternatives, and each scope that applies wants one that is open.
  for (const row of openHours) {
    const wanted = row.over === undefined || request.amount > row.over
    if (!wanted || !applies(row, request) || inWindow(time, row)) continue
    if (!openHours.some((each) => sameScope(row, each) && inWindow(time, each))) return 'closed_now'
  }
  return undefined
}

function sameScope(a: Scope & { over?: bigint }, b: Scope & { over?: bigint }): boolean {
  return (
    a.direction === b.direction &&
    a.accountType === b.accountType &&
    a.bank === b.bank &&
    a.over === b.over
  )
}

/** The payer's first way to pay that the channel has; without any wish, the channel's first. */
export function methodFor(
  capability: Capability,
  request: RouteRequest,
): CollectMethod | undefined {
  const { methods } = capability
  if (request.methods === undefined) return methods[0]
  return request.methods.find((method) => methods.includes(method))
}

/**
 * What the attempt costs us, minor units: the fee row of the narrowest scope that applies, the first
 * among equals; shares are rounded half up, then held between `least` and `most`.
 */
export function costOf(capability: Capability, request: RouteRequest): bigint {
  let best: Capability['fees'][number] | undefined
  let width = -1
  for (const row of capability.fees) {
    if (!applies(row, request)) continue
    const named = Number(row.direction !== undefined) + Number(row.accountType !== undefined)
    const narrow = named + Number(row.bank !== undefined)
    if (narrow > width) [best, width] = [row, narrow]
  }
  if (best === undefined) return 0n
  let cost = portion(request.amount, best.ppm, 'half_up') + best.fixed
  if (best.least !== undefined && cost < best.least) cost = best.least
  if (best.most !== undefined && cost > best.most) cost = best.most
  return cost
}
