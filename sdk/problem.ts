import type { components } from './openapi.ts'

type ProblemJson = components['schemas']['Problem']

/** One failing field of a request. */
export interface FieldProblem {
  /** JSON pointer into the body. */
  readonly pointer: string
  readonly code: string
  /** A sentence that says what to do. */
  readonly detail: string
}

/** An answer that is not what was asked for. Decide on `code`; show `message` to people. */
export class TenonProblem extends Error {
  override name = 'TenonProblem'
  readonly code: string
  readonly status: number
  /** Quote it when you ask us about the request. */
  readonly requestId: string | undefined
  /** Whether the same request may be answered later; the client has retried it already. */
  readonly retryable: boolean
  readonly errors: readonly FieldProblem[]

  constructor(problem: Partial<ProblemJson>, status: number) {
    super(problem.detail ?? `The server answered with status ${status} and no problem document.`)
    this.code = problem.code ?? 'not_a_problem'
    this.status = status
    this.requestId = problem.request_id
    this.retryable = problem.retryable ?? false
    this.errors = problem.errors ?? []
  }
}
