/** Checkpoints are written when chains moved, by one server at a time, and go on after every crash. */
import { generateKeyPairSync } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog, diskJournal, type Journal } from '#base'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { type TestWorld, testWorld } from '../../testing/world.ts'
import { lineHash, readCheckpoint } from './checkpoint.ts'
import {
  createCheckpointer,
  loadCheckpointKey,
  publicKeyText,
  recordChange,
  verifyAudit,
} from './index.ts'
import { merkleRoot } from './merkle.ts'
import { entryOf, memoryJournal } from './testing/ground.ts'

const { privateKey: key } = generateKeyPairSync('ed25519')
const MINUTE = 60_000

let database: TestDatabase
let world: TestWorld
let logged: string[]
beforeEach(async () => {
  database = await testDatabase()
  logged = []
  const log = createLog({ level: 'warn', plain: false, write: (line) => void logged.push(line) })
  world = { ...testWorld({ db: database.db }), log }
})
afterEach(() => database.drop())

const change = () =>
  database.db.tx((tx) => recordChange(tx, world.clock.now(), { entries: [entryOf(1)] }))
const linesOf = async (journal: Journal) => {
  const names = await journal.names()
  return (await Promise.all(names.map((name) => journal.lines(name)))).flat()
}
const findings = async (...journals: Journal[]) => {
  const report = await verifyAudit(database.db, { journals, keys: [publicKeyText(key)] })
  return report.findings
}

describe('a checkpoint', () => {
  it('is written when a chain moved, and only then', async () => {
    const journal = memoryJournal()
    const checkpointer = createCheckpointer({ ...world, key, journal })
    expect(await checkpointer.once()).toBe(false)
    await change()
    expect(await checkpointer.once()).toBe(true)
    expect(await checkpointer.once()).toBe(false)
    await change()
    expect(await checkpointer.once()).toBe(true)
    const [first, second] = (await linesOf(journal)).map((line) => readCheckpoint(line)!)
    expect(first).toMatchObject({ n: 1, whole: true, previous: '0'.repeat(64) })
    expect(second).toMatchObject({ n: 2, whole: false, heads: [{ book: 0, seq: 2 }] })
    expect(second!.previous).toBe(lineHash((await linesOf(journal))[0]!))
    expect(await findings(journal)).toEqual([])
  })

  it('is written each minute of the clock, until it is stopped', async () => {
    const journal = memoryJournal()
    const checkpointer = createCheckpointer({ ...world, key, journal })
    const asleep = async () => {
      while (world.clock.sleepers().length === 0) await new Promise((go) => setImmediate(go))
    }
    await change()
    const running = checkpointer.run()
    await asleep()
    await change()
    expect(await linesOf(journal)).toHaveLength(1)
    await world.clock.advance(MINUTE)
    await asleep()
    expect(await linesOf(journal)).toHaveLength(2)
    await checkpointer.stop()
    await running
  })

  it('begins each day with all chains, and never goes to an earlier day’s file', async () => {
    const journal = memoryJournal()
    const checkpointer = createCheckpointer({ ...world, key, journal })
    await change()
    await checkpointer.once()
    await world.clock.advance(24 * 60 * MINUTE)
    await change()
    await checkpointer.once()
    world.clock.stepBack(24 * 60 * MINUTE)
    await change()
    await checkpointer.once()
    const names = await journal.names()
    expect(names).toEqual(['20260302.jsonl', '20260303.jsonl'])
    const lines = await Promise.all(names.map((name) => journal.lines(name)))
    expect(lines.map((each) => each.map((line) => readCheckpoint(line)!.whole))).toEqual([
      [true],
      [true, false],
    ])
    expect(await findings(journal)).toEqual([])
  })

  it('says at once when a chain went back', async () => {
    const journal = memoryJournal()
    const checkpointer = createCheckpointer({ ...world, key, journal })
    await change()
    await change()
    await checkpointer.once()
    await database.db.tx(async (tx) => {
      await tx.query('set local session_replication_role = replica')
      await tx.query('delete from audit.entry where seq = 2')
      await tx.query(
        'update audit.head h set seq = 1, hash = e.hash from audit.entry e where e.seq = 1',
      )
    })
    expect(await checkpointer.once()).toBe(true)
    expect(logged.join()).toContain('an audit chain went back behind its checkpoint')
    expect((await findings(journal)).map(({ kind }) => kind)).toEqual([
      'checkpoint_back',
      'truncated',
    ])
  })
})

describe('two servers', () => {
  it('add to the chain of configuration at once, and it stays one', async () => {
    await Promise.all(Array.from({ length: 40 }, change))
    const seqs = await database.db.query<{ seq: bigint }>(
      'select seq from audit.entry order by seq',
    )
    expect(seqs.map(({ seq }) => Number(seq))).toEqual(Array.from({ length: 40 }, (_, n) => n + 1))
    expect(await findings()).toEqual([])
  })

  it('write checkpoints to one folder in turns', async () => {
    const journal = memoryJournal()
    const servers = [1, 2].map(() => createCheckpointer({ ...world, key, journal }))
    for (let round = 0; round < 6; round += 1) {
      await change()
      await Promise.all(servers.map((server) => server.once()))
      await servers[round % 2]!.once()
    }
    expect((await linesOf(journal)).length).toBeGreaterThanOrEqual(6)
    expect(logged).toEqual([])
    expect(await findings(journal)).toEqual([])
  })

  it('with a folder each are verified by both together', async () => {
    const journals = [memoryJournal(), memoryJournal()] as const
    const servers = journals.map((journal) => createCheckpointer({ ...world, key, journal }))
    for (const turn of [0, 0, 1, 1, 0]) {
      await change()
      await servers[turn]!.once()
    }
    expect(await findings(...journals)).toEqual([])
    expect((await findings(journals[0])).map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ['checkpoint_missing', 3, 4],
    ])
  })
})

describe('a crash', () => {
  it('between the file and the database leaves the file one ahead, and nothing is lost', async () => {
    const journal = memoryJournal()
    await change()
    await createCheckpointer({ ...world, key, journal }).once()
    await change()
    const dying = {
      ...world.db,
      tx: async <T>(work: (tx: never) => Promise<T>) => {
        await database.db.tx(async (tx) => {
          await work(tx as never)
          throw new Error('killed')
        })
        return undefined as T
      },
    } as typeof world.db
    const killed = createCheckpointer({ ...world, db: dying, key, journal })
    await expect(killed.once()).rejects.toThrow('killed')
    expect(await linesOf(journal)).toHaveLength(2)
    expect(await findings(journal)).toEqual([])
    const next = createCheckpointer({ ...world, key, journal })
    expect(await next.once()).toBe(false)
    await change()
    expect(await next.once()).toBe(true)
    expect(await linesOf(journal)).toHaveLength(3)
    expect(await findings(journal)).toEqual([])
  })
})

describe('on the disk', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenon-audit-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('a half line is no checkpoint, and the next one takes its place', async () => {
    const journal = diskJournal(join(folder, 'audit'))
    await change()
    await createCheckpointer({ ...world, key, journal }).once()
    const file = join(folder, 'audit', '20260302.jsonl')
    await appendFile(file, '{"n":2,"at":"2026-')
    expect(await findings(journal)).toEqual([])
    await change()
    await createCheckpointer({ ...world, key, journal }).once()
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(3)
    expect(await findings(journal)).toEqual([])
    expect((await stat(file)).mode & 0o077).toBe(0)
  })

  it('a witness gets every line, also those it missed', async () => {
    const journal = diskJournal(join(folder, 'audit'))
    const place = join(folder, 'witness')
    await writeFile(place, 'in the way')
    const witness = diskJournal(place)
    const checkpointer = createCheckpointer({ ...world, key, journal, witness })
    await change()
    await checkpointer.once()
    expect(logged.join()).toContain('the witness of audit checkpoints could not be written')
    await rm(place)
    await world.clock.advance(24 * 60 * MINUTE)
    for (let round = 0; round < 3; round += 1) {
      await change()
      await checkpointer.once()
    }
    expect(await linesOf(witness)).toEqual(await linesOf(journal))
    expect(await linesOf(witness)).toHaveLength(4)
    expect(await findings(journal, witness)).toEqual([])
  })

  it('the key is made once, for its owner only', async () => {
    const file = join(folder, 'keys', 'audit.key')
    const made = await Promise.all([loadCheckpointKey(file), loadCheckpointKey(file)])
    expect(publicKeyText(made[0])).toBe(publicKeyText(made[1]))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await writeFile(join(folder, 'open.key'), 'x', { mode: 0o644 })
    await expect(loadCheckpointKey(join(folder, 'open.key'))).rejects.toThrow('chmod 600')
    await writeFile(join(folder, 'odd.key'), 'x', { mode: 0o600 })
    await expect(loadCheckpointKey(join(folder, 'odd.key'))).rejects.toThrow('no ed25519 key')
  })
})

describe('the tree hash', () => {
  /** The leaves and roots that implementations of certificate transparency are tested with. */
  const leaves = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ]
  const roots = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ]

  it.each(roots.map((root, size) => [size, root] as const))('over %i leaves', (size, root) => {
    const bytes = leaves.slice(0, size).map((leaf) => Buffer.from(leaf, 'hex'))
    expect(Buffer.from(merkleRoot(bytes)).toString('hex')).toBe(root)
  })
})
