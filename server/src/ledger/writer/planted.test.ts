/**
 * The tests of the writer's seven points are tested: each protection is taken out of a copy of the
 * source, and the one test that stands for it must go red.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Harvest, type Plant, playPlants } from '../../../testing/plants.ts'

const writer = (name: string) => `ledger/writer/${name}.ts`
const testIn = (name: string, title: string) => [writer(`${name}.test`), title] as const

const PLANTS: readonly Plant[] = [
  {
    name: '1: an effect that did not move is written all the same',
    file: writer('flight'),
    from: 'if (stale.size > 0) {',
    to: 'if (stale.size < 0) {',
    test: testIn('effects', 'is stale, without its money'),
  },
  {
    name: '1: two commands on one root go into one batch',
    file: writer('admission'),
    from: '    this.block(batch, entry.command!)\n',
    to: '',
    test: testIn('effects', 'are never in one batch'),
  },
  {
    name: '2: refused money is followed by the effects of the acceptance',
    file: writer('admission'),
    from: 'this.addOutcome(batch, entry, entry.command.refused?.(code, index) ?? {})',
    to: 'this.addOutcome(batch, entry, entry.command)',
    test: testIn('effects', 'applies what the refusal says'),
  },
  {
    name: '3: callers are answered before the COMMIT is',
    file: writer('flight'),
    from: '  } finally {\n    client.connection.stream.uncork()\n  }\n  return await outcomeOf(sent)',
    to: `  } finally {
    client.connection.stream.uncork()
  }
  return sent.length > 0 ? { kind: 'committed' } : await outcomeOf(sent)`,
    test: testIn('flight', 'an equal request waits too'),
  },
  {
    name: '4: a batch flies beside one with effects',
    file: writer('batch'),
    from: '      this.effects.size > 0 ||\n',
    to: '',
    test: testIn('flight', 'a batch with effects is alone'),
  },
  {
    name: '5: poison takes its batch along',
    file: writer('recovery'),
    from: 'this.halve(entries, outcome.sqlState, outcome.error)',
    to: 'callers.reject(entries, new RefusedByData(outcome.sqlState, outcome.error.message))',
    test: testIn('failure', 'alone is refused among two thousand transfers'),
  },
  {
    name: '5: a COMMIT without an answer is sent again blindly',
    file: writer('recovery'),
    from: 'this.deliverUpTo(Number(row.seq))',
    to: 'this.deliverUpTo(this.head.seq)',
    test: testIn('failure', 'of one batch of bare transfers that won'),
  },
  {
    name: '5: the head moves whoever writes',
    file: writer('store'),
    from: 'where book_id = $1::int4 and epoch = $3::int8 and seq = $4::int8 - 1',
    to: 'where book_id = $1::int4 and $3::int8 is not null',
    test: testIn('failure', 'answers NotOwner to all in flight'),
  },
  {
    name: '6: a takeover does not bump the epoch',
    file: writer('store'),
    from: `update ledger.head set epoch = epoch + 1, owner_url = $2
  where book_id = $1 returning epoch, seq, last_id, checkpoint_id, chain, sealed_at`,
    to: `select epoch, seq, last_id, checkpoint_id, chain, sealed_at from ledger.head
  where book_id = $1 and $2::text is distinct from ''`,
    test: testIn('takeover', 'bumps the epoch before it loads'),
  },
  {
    name: '6: the checkpoint passes account rows that a start replayed',
    file: writer('takeover'),
    from: '    if (!memory.lagging.has(account)) memory.lagging.set(account, id)\n',
    to: '',
    test: testIn('takeover', 'replays what account rows lack'),
  },
  {
    name: '7: a hold may be released until the sweep comes',
    file: writer('decide'),
    from: `if (isDue(hold, on.now)) return 'hold_expired'\n  const parts`,
    to: 'const parts',
    test: testIn('holds', 'is over at the instant it names'),
  },
  {
    name: '7: a hold expires under its instruction',
    file: writer('decide'),
    from: 'return !hold.pinned && hold.expiresAt !== undefined',
    to: 'return hold.expiresAt !== undefined',
    test: testIn('holds', 'does not expire: not by the sweep'),
  },
]

describe('a writer without one of its protections', () => {
  let harvest: Harvest
  beforeAll(async () => {
    harvest = await playPlants(PLANTS)
  }, 300_000)

  it('is compared with one that has them all, which is green', () => {
    expect(harvest.broken).toEqual([])
  })

  it.each(PLANTS.map(({ name }) => name))('is found out: %s', (name) => {
    expect(harvest.found.get(name)).toBe(true)
  })
})
