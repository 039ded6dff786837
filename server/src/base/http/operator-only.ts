/**
 * The guard of a server nobody signs in to: whoever is on this machine is its operator and may do
 * everything; nobody else gets in. For development, tests, benches and documents.
 */
import { isLoopback } from './access.ts'
import type { Caller, Guard } from './caller.ts'
import { httpProblem } from './problem.ts'

/** Has every permission there is; it lists none. */
class EveryPermission extends Set<string> {
  override has(): boolean {
    return true
  }
}

/** Lets this machine's own in as the operator of one organisation, to whom every book belongs. */
export function operatorOnly({ orgId = 1 }: { readonly orgId?: number } = {}): Guard {
  const operator = {
    kind: 'operator' as const,
    ...{ id: 'operator', person: 'operator', orgId, signed: false },
    permissions: new EveryPermission(),
  }
  const refused = { refused: httpProblem('not_from_this_machine') }
  return {
    loopbackOnly: true,
    identify: async ({ from }) =>
      isLoopback(from) ? ({ ...operator, from } satisfies Caller) : refused,
    admit: async () => undefined,
    orgOf: () => orgId,
    isFresh: () => true,
  }
}
