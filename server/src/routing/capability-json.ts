/** A capability matrix as JSON: amounts are texts of digits there. */
import type { Capability } from '#channels'

const AMOUNTS = new Set(['least', 'most', 'perPayment', 'perDay', 'over', 'fixed'])

/** What JSON can hold of a matrix. */
export function capabilityJson(capability: Capability): unknown {
  const text = JSON.stringify(capability, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  return JSON.parse(text)
}

/** A matrix written by `capabilityJson`. */
export function readCapability(stored: unknown): Capability {
  return JSON.parse(JSON.stringify(stored), (key, value: unknown) =>
    AMOUNTS.has(key) && typeof value === 'string' ? BigInt(value) : value,
  ) as Capability
}
