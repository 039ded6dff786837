/** What tests of stops share: who asks, and approvals that two persons have really given. */
import { type ApprovalRef, createApprovals, type GuardedAction } from '#approvals'
import { type Caller, publicId } from '#base'
import type { TestWorld } from '../../../testing/world.ts'
import type { By, StopsLedger } from '../context.ts'

export const BY: By = {
  actor: { kind: 'user', id: 'usr_0_0190a0b0c0d070e080900a0b0c0d0e0f', person: 'anna' },
  from: '192.0.2.7',
}

export const NO_LEDGER: StopsLedger = {
  owned: () => [],
  writer: () => {
    throw new Error('This test has no ledger.')
  },
  books: async () => [],
}

const caller = (person: string): Caller => ({
  kind: 'user',
  id: `usr_0_${Buffer.from(person.padEnd(16, '.')).toString('hex')}`,
  person,
  orgId: 1,
  permissions: new Set([
    ...['approvals.read', 'approvals.request', 'approvals.decide', 'stops.resume'],
  ]),
  steppedUpAt: 0,
  signed: false,
  from: '192.0.2.7',
})

/** An approval of an action's content: asked for by one person, given by another. */
export async function approve(
  world: TestWorld,
  actions: readonly GuardedAction[],
  of: { readonly action: string; readonly content: unknown },
): Promise<ApprovalRef> {
  const approvals = createApprovals({
    world,
    actions,
    policies: {
      appointment_hours: 0,
      break_glass: { checkers: 2, permission: 'approvals.decide', expires_hours: 4 },
      rules: [{ name: 'all', action: '*', checkers: 1 }],
    },
    people: { may: async () => true, appointersOf: async () => [] },
    isFresh: () => true,
    orgOf: (book) => (book === 0 ? 1 : undefined),
  })
  const [maker, checker] = [caller('anna'), caller('boris')]
  const asked = await approvals.request(maker, { ...of, reason: 'a test' })
  if ('problem' in asked) throw new Error(`refused: ${asked.problem.code}`)
  const { book, id, hash } = asked
  const decided = await approvals.decide(checker, {
    ...{ book, id, verdict: 'approve', contentHash: hash, note: '' },
  })
  if ('problem' in decided) throw new Error(`refused: ${decided.problem.code}`)
  return { id: publicId('areq', book, id), hash, maker: maker.id, checkers: [checker.id] }
}
