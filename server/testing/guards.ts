/**
 * A guard for tests of routes: whoever names himself in the header `test-caller` is let in as that
 * caller. It proves nothing; what it shows is what a route asks of somebody who was proved.
 */
import type { Caller, Guard, Instant, Problem } from '../src/base/index.ts'

/** The header that names the caller. */
export const TEST_CALLER = 'test-caller'

export interface TestCaller {
  readonly kind?: 'user' | 'key'
  readonly orgId?: number
  readonly merchant?: string
  readonly person?: string
  readonly permissions: readonly string[]
  readonly steppedUpAt?: Instant
  readonly signed?: boolean
}

export interface TestGuardOptions {
  readonly callers: Readonly<Record<string, TestCaller>>
  /** The organisation of each book; others do not exist. */
  readonly books?: Readonly<Record<number, number>>
  /** Proofs of presence from this instant on count. */
  readonly freshSince?: Instant
  /** Asked about each public request, with how many came before it. */
  readonly admits?: (before: number) => boolean
}

const problem = (code: string, status: number, detail: string): Problem => ({
  ...{ code, status, detail },
})

/** Identifies by the header `test-caller`. */
export function testGuard(options: TestGuardOptions): Guard {
  const { callers, books = {}, freshSince = 0, admits } = options
  let admitted = 0
  return {
    identify: async ({ headers, from }) => {
      const name = String(headers[TEST_CALLER] ?? '')
      const found = Object.hasOwn(callers, name) ? callers[name] : undefined
      if (found === undefined) {
        return { refused: problem('test_caller_unknown', 401, 'Name a caller of this test.') }
      }
      const { kind = 'user', orgId = 1, person = name, signed = false } = found
      const { merchant, steppedUpAt } = found
      return {
        ...{ kind, orgId, person, signed, from, id: `${kind === 'user' ? 'usr' : 'key'}_${name}` },
        permissions: new Set(found.permissions),
        ...(merchant !== undefined && { merchant }),
        ...(steppedUpAt !== undefined && { steppedUpAt }),
      } satisfies Caller
    },
    admit: async () => {
      const before = admitted
      admitted += 1
      if (admits === undefined || admits(before)) return undefined
      return { ...problem('test_rate_limited', 429, 'Send less.'), retryAfterS: 1 }
    },
    orgOf: (book) => books[book],
    isFresh: (steppedUpAt) => steppedUpAt >= freshSince,
  }
}
