/** Seeded damage to bytes and headers: what wires, proxies and forgers do to a message. */
import type { Rng } from '../../src/base/index.ts'
import type { CallbackRequest } from '../../src/channels/index.ts'

/** One damaged copy of `bytes`; now and then equal to them in meaning, as a changed case of hex is. */
export function mutateBytes(bytes: Uint8Array, rng: Rng): Uint8Array {
  const whole = Buffer.from(bytes)
  if (whole.length === 0) return Buffer.from(rng.bytes(1 + rng.below(8)))
  const at = rng.below(whole.length)
  const length = 1 + rng.below(Math.min(16, whole.length - at))
  const rest = whole.subarray(at + length)
  switch (rng.below(8)) {
    case 0: {
      const flipped = Buffer.from(whole)
      flipped[at] = flipped[at]! ^ (1 << rng.below(8))
      return flipped
    }
    case 1:
      return Buffer.concat([whole.subarray(0, at), rest])
    case 2:
      return Buffer.concat([whole.subarray(0, at), rng.bytes(length), whole.subarray(at)])
    case 3:
      return whole.subarray(0, at)
    case 4:
      return Buffer.concat([whole.subarray(0, at + length), whole.subarray(at)])
    case 5:
      return Buffer.concat([whole, whole.subarray(at)])
    case 6:
      return otherDigit(whole, at, rng)
    default:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), whole])
  }
}

/** The first digit from `at` on becomes another: the damage that changes an amount. */
function otherDigit(whole: Buffer, at: number, rng: Rng): Buffer {
  const damaged = Buffer.from(whole)
  for (let step = 0; step < whole.length; step += 1) {
    const place = (at + step) % whole.length
    const digit = whole[place]! - 0x30
    if (digit < 0 || digit > 9) continue
    damaged[place] = 0x30 + ((digit + 1 + rng.below(9)) % 10)
    return damaged
  }
  damaged[at] = damaged[at]! ^ 1
  return damaged
}

/** A callback with its body, a header or its path damaged. */
export function mutateCallback(request: CallbackRequest, rng: Rng): CallbackRequest {
  const names = Object.keys(request.headers)
  const name = names[rng.below(names.length)]
  const damage = rng.below(6)
  if (damage === 0 && name !== undefined) {
    const { [name]: gone, ...headers } = request.headers
    return { ...request, headers }
  }
  if (damage === 1 && name !== undefined) {
    const value = mutateBytes(Buffer.from(request.headers[name] ?? ''), rng)
    return {
      ...request,
      headers: { ...request.headers, [name]: Buffer.from(value).toString('latin1') },
    }
  }
  if (damage === 2) return { ...request, path: `${request.path}?x=${rng.below(10)}` }
  return { ...request, body: mutateBytes(request.body, rng) }
}
