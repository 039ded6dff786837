/**
 * Sending again. Every request may be: a GET changes nothing, and a POST carries an id or an
 * Idempotency-Key, which stays the same over all tries of one call.
 */

/** As `fetch` takes it, with the request already built. */
export type Fetch = (request: Request) => Promise<Response>

export interface RetryOptions {
  readonly fetch: Fetch
  /** How many times a request is sent again. */
  readonly retries: number
  readonly sleep: (ms: number) => Promise<void>
  /** 0 to 1, to spread the tries of many clients. */
  readonly random: () => number
}

const PASSING = new Set([429, 502, 503, 504])
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000

/** A fetch that sends again when the answer may pass or none came. */
export function retrying({ fetch, retries, sleep, random }: RetryOptions): Fetch {
  return async (request) => {
    for (let attempt = 0; ; attempt += 1) {
      const isLast = attempt >= retries
      let response: Response | undefined
      try {
        response = await fetch(isLast ? request : request.clone())
      } catch (error) {
        if (isLast || request.signal.aborted) throw error
      }
      if (response !== undefined && (isLast || !mayPass(response))) return response
      await response?.body?.cancel()
      await sleep(delayMs(attempt, response, random()))
    }
  }
}

/** A 409 with Retry-After says that the first request under the key is still running. */
function mayPass(response: Response): boolean {
  const { status, headers } = response
  return PASSING.has(status) || (status === 409 && headers.has('retry-after'))
}

function delayMs(attempt: number, response: Response | undefined, dice: number): number {
  const asked = response?.headers.get('retry-after') ?? ''
  const backoff = Math.min(FIRST_DELAY_MS * 2 ** attempt, LONGEST_DELAY_MS) * (0.5 + dice / 2)
  return /^[0-9]{1,3}$/.test(asked) ? Math.max(seconds(asked) * 1000, backoff) : backoff
}

function seconds(text: string): number {
  return Number.parseInt(text, 10)
}
