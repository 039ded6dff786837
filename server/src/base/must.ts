/** A bug was found: the state the code relies on does not hold. Caught only at the edge. */
export class Bug extends Error {
  override name = 'Bug'
}

/** Stops the request when a condition the code relies on does not hold. `why` names the broken fact. */
export function must(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Bug(why)
}

/** The value, or a stop when it is missing. */
export function present<T>(value: T | null | undefined, why: string): T {
  if (value === null || value === undefined) throw new Bug(why)
  return value
}
