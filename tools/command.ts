/** What a command of the command line is. */

/** What a command may touch besides its arguments. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv
  /** A line for the reader, on standard output. */
  say(line: string): void
  /** A line about what went wrong, on standard error. */
  complain(line: string): void
  /** The answer of a person; `undefined` when there is none at the other end. */
  ask(question: string): Promise<string | undefined>
}

export interface Command {
  readonly name: string
  /** One line of `tenon --help`. */
  readonly summary: string
  /** Shown by `tenon <command> --help`. */
  readonly usage: string
  /** Gives the exit code. */
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

/** The command line itself is at fault; the message says what to write instead. */
export class UsageProblem extends Error {
  override name = 'UsageProblem'
}
