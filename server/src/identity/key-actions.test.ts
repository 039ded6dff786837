import { afterAll, beforeAll, expect, test } from 'vitest'
import { publicId, type Tx } from '#base'
import { createKeyAction } from './key-actions.ts'
import { type KeyWorld, keyWorld, knockOf, pairOf, type Replica } from './testing/key-world.ts'

let world: KeyWorld
let replica: Replica
beforeAll(async () => {
  world = await keyWorld()
  replica = world.replica()
})
afterAll(() => world.close())

const APPROVAL = {
  ...{ id: `areq_0_${'a'.repeat(32)}`, hash: 'b'.repeat(64) },
  ...{ maker: `usr_0_${'c'.repeat(32)}`, checkers: [`usr_0_${'d'.repeat(32)}`] },
}
const PERSON = 'e'.repeat(32)

function actionWith(mark: (tx: Tx) => Promise<boolean>) {
  return createKeyAction({
    ...{ db: world.db, wall: world.wall, keys: replica.keys, markExecuted: mark },
    executedEvent: (orgId, { id }) => ({
      kind: 'test.executed',
      aggregate: id,
      payload: {},
      orgId,
    }),
  })
}

test('an approved key is made once, signs, has no secret, and is its asker’s', async () => {
  await world.db.query(
    `insert into identity.person (id, org_id, staff_number) values ($1, 5, '1')`,
    [PERSON],
  )
  await world.db.query(
    `insert into identity.user_ (id, org_id, person_id, login, name, state, made_at)
     values ($1, 5, $2, 'asker', 'Asker', 'active', now())`,
    ['c'.repeat(32), PERSON],
  )
  const pair = pairOf('ed25519')
  const { algorithm, publicKey } = pair
  const content = {
    ...{ name: 'payout robot', role: 'operator' as const, algorithm, public_key: publicKey },
    permissions: ['payouts.create' as const],
  }
  let marks = 0
  const action = actionWith(async () => {
    marks += 1
    return marks === 1
  })
  const shown = await action.preview(5, content)
  expect(shown).toMatchObject({
    lines: [
      { what: { en: expect.stringContaining('payouts.create') } },
      { before: '0', after: '1' },
    ],
  })
  const done = await action.execute(5, content, APPROVAL)
  expect(await action.execute(5, content, APPROVAL)).toEqual(done)
  expect(marks).toBe(1)
  const [key, ...others] = await replica.keys.list({ orgId: 5 }, 10)
  expect(others).toEqual([])
  expect(done).toEqual({ done: { key: publicId('key', 0, key!.id) } })
  expect(key).toMatchObject({ requiresSignature: true, madeByPerson: `per_0_${PERSON}` })
  expect(key!.handle).toBeUndefined()
  const events = await world.db.query<{ kind: string }>(
    'select kind from base.outbox where org_id = 5 order by seq, n',
  )
  expect(events.map(({ kind }) => kind)).toEqual(['identity.key_created', 'test.executed'])
  const [entry] = await world.db.query(
    'select approval, actor_id from audit.entry where org_id = 5',
  )
  expect(entry).toEqual({ approval: APPROVAL.id, actor_id: APPROVAL.maker })

  const created = Math.floor(world.wall.now() / 1000)
  const knock = knockOf({
    ...{ method: 'GET', scheme: 'https', host: 'api.example.com', path: '/v1/payouts', pair },
    ...{ body: undefined, headers: {}, label: 's', components: ['@method', '@target-uri'] },
    params: {
      ...{ created, expires: created + 60, nonce: 'sixteen-characters', alg: algorithm },
      keyid: publicId('key', 0, key!.id),
    },
  })
  const caller = await replica.guard.identify(knock)
  expect(caller).toMatchObject({ person: `per_0_${PERSON}`, signed: true })
})

test('an approval that may not be used leaves no key', async () => {
  const { algorithm, publicKey } = pairOf('ed25519')
  const content = { name: 'x', role: 'engineer' as const, algorithm, public_key: publicKey }
  const other = { ...APPROVAL, id: `areq_0_${'f'.repeat(32)}` }
  await expect(actionWith(async () => false).execute(6, content, other)).rejects.toThrow('approval')
  expect(await replica.keys.list({ orgId: 6 }, 10)).toEqual([])
})

test('what cannot be made is refused, shown and carried out', async () => {
  const action = actionWith(async () => true)
  const wrong = {
    name: 'x',
    role: 'engineer' as const,
    algorithm: 'ed25519' as const,
    public_key: 'none',
  }
  const refused = { refused: 'key_public_wrong' }
  expect(await action.preview(7, wrong)).toMatchObject(refused)
  expect(await action.execute(7, wrong, APPROVAL)).toMatchObject(refused)
})
