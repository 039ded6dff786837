/** It cannot be started as asked; the message says what to do. */
export class StartProblem extends Error {
  override name = 'StartProblem'
}
