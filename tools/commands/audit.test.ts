import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuditEntry,
  CHECKPOINT_KEY_FILE,
  createCheckpointer,
  loadCheckpointKey,
  publicKeyText,
  recordChange,
} from '../../server/src/audit/index.ts'
import { diskJournal } from '../../server/src/base/index.ts'
import { type TestDatabase, testDatabase } from '../../server/testing/database.ts'
import { testWorld } from '../../server/testing/world.ts'
import { run } from './audit.ts'

const entry: AuditEntry = {
  orgId: 1,
  actor: { kind: 'operator', id: 'console', person: '' },
  from: '127.0.0.1',
  action: 'identity.invite_user',
  object: 'usr_0_1',
}

let database: TestDatabase
let folder: string
let env: Record<string, string>
let change: () => Promise<void>
beforeAll(async () => {
  database = await testDatabase()
  folder = await mkdtemp(join(tmpdir(), 'tenon-audit-command-'))
  const keys = join(folder, 'keys')
  env = { DATABASE_URL: database.url, TENON_KEYS: keys }
  const world = testWorld({ db: database.db })
  const { db, clock } = world
  const key = await loadCheckpointKey(join(keys, CHECKPOINT_KEY_FILE))
  const checkpointer = createCheckpointer({
    ...world,
    key,
    journal: diskJournal(join(folder, 'audit')),
  })
  change = () => db.tx((tx) => recordChange(tx, clock.now(), { entries: [entry, entry] }))
  await change()
  await checkpointer.once()
  await clock.advance(60_000)
  await change()
  await checkpointer.once()
})
afterAll(async () => {
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
})

function heard(more: Record<string, string> = {}) {
  const said: string[] = []
  const complained: string[] = []
  const terminal = {
    env: { ...env, ...more },
    say: (line: string) => void said.push(line),
    complain: (line: string) => void complained.push(line),
    ask: async () => undefined,
  }
  return { terminal, said, complained }
}

describe('tenon audit verify', () => {
  it('says how much is in order, and since when', async () => {
    const { terminal, said, complained } = heard()
    expect(await run(['verify'], terminal)).toBe(0)
    expect({ said, complained }).toEqual({
      said: [
        `In order: 4 entries in 1 chains, 2 checkpoints in ${join(folder, 'audit')}, the last of 2026-03-02T01:01:00.000Z.`,
      ],
      complained: [],
    })
    expect(await run(['verify', '--book', '0', '--since', '2026-03-02T01:00:30Z'], terminal)).toBe(
      0,
    )
    expect(said[1]).toMatch(/^In order: 2 entries in 1 chains, 1 checkpoints/)
  })

  it('names what was tampered with, and fails', async () => {
    const [name] = await readdir(join(folder, 'audit'))
    const file = join(folder, 'audit', name!)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.split('\n').slice(0, 1).join('\n').concat('\n'))
    const { terminal, complained } = heard()
    expect(await run(['verify'], terminal)).toBe(1)
    expect(complained).toEqual(['checkpoint 2 was written once and is gone from the end.'])
    await writeFile(file, text)
    await appendFile(file, '{"n":3,"at":')
    expect(await run(['verify'], terminal)).toBe(0)
  })

  it('believes no other key', async () => {
    const other = Buffer.alloc(32, 7).toString('base64')
    const { terminal, complained } = heard()
    expect(await run(['verify', '--key', other], terminal)).toBe(1)
    expect(complained[0]).toMatch(/^checkpoint 1 is not as it was signed \(.*unknown key/)
  })

  it('says what no checkpoint covers yet', async () => {
    await change()
    const { terminal, said } = heard()
    expect(await run(['verify'], terminal)).toBe(0)
    expect(said[1]).toMatch(/^book 0: entries 5 to 6 are covered by no checkpoint yet/)
  })

  it.each([
    [['verify', '--book', 'seven'], '"seven" is no book'],
    [['verify', '--since', 'yesterday'], '"yesterday" is no time'],
    [['verify', '--key', 'mine'], '"mine" is no key'],
    [['repair'], 'Write: tenon audit verify'],
    [['verify', 'all'], 'Write: tenon audit verify'],
  ])('refuses %j', async (args, says) => {
    await expect(run(args, heard().terminal)).rejects.toThrow(says)
  })
})

describe('tenon audit key', () => {
  it('prints the public key, and makes none', async () => {
    const { terminal, said } = heard()
    expect(await run(['key'], terminal)).toBe(0)
    const key = await loadCheckpointKey(join(folder, 'keys', CHECKPOINT_KEY_FILE))
    expect(said).toEqual([publicKeyText(key)])
    const elsewhere = heard({ TENON_KEYS: join(folder, 'none') }).terminal
    await expect(run(['key'], elsewhere)).rejects.toThrow('no checkpoint was signed here yet')
    await expect(run(['verify'], elsewhere)).rejects.toThrow('give the public key with --key')
    expect(await readdir(folder)).not.toContain('none')
  })
})
