/**
 * A value that must not be seen: a password, a key, a token. However it is turned into text — a
 * template, JSON, a log line, an inspection in a debugger — it reads `[redacted]`; only `reveal`
 * gives it out.
 */
import { inspect } from 'node:util'

export const REDACTED = '[redacted]'

export class Sensitive<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The value itself, for the one place that uses it. */
  reveal(): T {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}
