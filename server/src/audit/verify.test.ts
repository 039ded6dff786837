/**
 * A superuser changes the log in every way there is, fifty times each, and every time verification
 * finds it and says where. Untouched logs are in order.
 */
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applied, seededRng } from '#base'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { applyEffects } from '../../testing/effects.ts'
import { testWorld } from '../../testing/world.ts'
import { publicKeyText, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { auditEffect, type Finding, type FindingKind, sayFinding, verifyAudit } from './index.ts'
import { entryOf, type MemoryJournal, tampered, writtenLog } from './testing/ground.ts'
import { applyAppend, TAMPERINGS, type Tampering } from './testing/tamperings.ts'

const TIMES = 50
const FILES = 2
/** Configuration, and more than are tampered with at a time: those left over are the controls. */
const BOOKS = [0, ...Array.from({ length: TIMES + 5 }, (_, n) => 100 + n)]

let database: TestDatabase
let written: Awaited<ReturnType<typeof writtenLog>>
/** The number of entries by book. */
let sizes: Map<number, number>
beforeAll(async () => {
  database = await testDatabase()
  const world = testWorld({ db: database.db, seed: 7 })
  written = await writtenLog(database.db, { ...world, rounds: 14, books: BOOKS })
  const heads = await database.db.query<{ book_id: number; seq: bigint }>(
    'select book_id, seq from audit.head',
  )
  sizes = new Map(heads.map(({ book_id: book, seq }) => [book, Number(seq)]))
})
afterAll(() => database?.drop())

const options = (journal: MemoryJournal = written.journal) => ({
  journals: [journal],
  keys: written.keys,
})

const rng = seededRng(20)
const one = <T>(of: readonly T[]): T => of[rng.below(of.length)]!
/** Whether a finding of each of the kinds names the book, and one of them the number. */
const pointsAt = (findings: readonly Finding[], book: number, { at, kinds }: Tampering) => {
  const of = findings.filter((each) => each.book === book)
  return (
    kinds.every((kind) => of.some((each) => each.kind === kind)) &&
    of.some((each) => each.from <= at && at <= each.to)
  )
}

describe('a superuser in the database', () => {
  it.each(Object.keys(TAMPERINGS))('%s is found, and nothing beside it', async (name) => {
    const books = [...BOOKS].sort(() => rng.below(3) - 1).slice(0, TIMES)
    const tamperings = books.map((book) => ({
      book,
      of: TAMPERINGS[name]!(book, sizes.get(book)!, rng),
    }))
    const { findings } = await tampered(database.db, options(), async (tx) => {
      for (const { of } of tamperings) await of.work(tx)
    })
    const unfound = tamperings.filter(({ book, of }) => !pointsAt(findings, book, of))
    expect(unfound.map(({ book, of }) => ({ book, ...of }))).toEqual([])
    expect(tamperings).toHaveLength(TIMES)
    const beside = findings.filter(({ book }) => book === undefined || !books.includes(book))
    expect(beside.map(sayFinding)).toEqual([])
  })

  it.each([
    ['update audit.checkpoint_end set n = 3', 'checkpoint_back'],
    ["update audit.checkpoint_end set line_hash = sha256('x')", 'checkpoint_forged'],
  ])('what the database remembers of the files: %s', async (sql, kind) => {
    const { findings } = await tampered(database.db, options(), (tx) => tx.query(sql))
    expect(findings.map((each) => each.kind)).toContain(kind)
  })

  it('an entry carried over into another book', async () => {
    const sql = 'update audit.entry set book_id = 999 where book_id = 100 and seq = 3'
    const { findings } = await tampered(database.db, options(), (tx) => tx.query(sql))
    expect(findings.map(({ kind, book, from, to }) => [kind, book, from, to])).toEqual([
      ['missing', 100, 3, 3],
      ['missing', 999, 1, 2],
      ['edited', 999, 3, 3],
      ['head_missing', 999, 3, 3],
    ])
  })

  it('an instant that is none does not stop the verification', async () => {
    const sql = "update audit.entry set at = 'infinity' where book_id = 100 and seq = 3"
    const { findings } = await tampered(database.db, options(), (tx) => tx.query(sql))
    expect(findings).toMatchObject([{ kind: 'edited', book: 100, from: 3, to: 3 }])
  })
})

describe('whoever can write the files', () => {
  /** All lines as places: file and index. */
  const places = ({ files }: MemoryJournal) =>
    [...files].flatMap(([name, lines]) => lines.map((_, index) => ({ name, lines, index })))

  const FORGERIES: Readonly<Record<string, readonly [FindingKind, (copy: MemoryJournal) => void]>> =
    {
      'an edit of a hash': [
        'checkpoint_forged',
        (copy) => {
          const { lines, index } = one(places(copy))
          const digits = [...lines[index]!.matchAll(/[0-9a-f]{64}/g)]
          const at = one(digits).index + rng.below(64)
          const was = lines[index]![at]!
          lines[index] =
            `${lines[index]!.slice(0, at)}${was === '0' ? '1' : '0'}${lines[index]!.slice(at + 1)}`
        },
      ],
      'any one character changed': [
        'checkpoint_forged',
        (copy) => {
          const { lines, index } = one(places(copy))
          const at = rng.below(lines[index]!.length)
          const other = lines[index]![at] === 'x' ? 'y' : 'x'
          lines[index] = lines[index]!.slice(0, at) + other + lines[index]!.slice(at + 1)
        },
      ],
      'a line signed with another key': [
        'checkpoint_forged',
        (copy) => {
          const { lines, index } = one(places(copy))
          const { privateKey } = generateKeyPairSync('ed25519')
          lines[index] = writeCheckpoint(readCheckpoint(lines[index]!)!, privateKey)
        },
      ],
      'a cut tail': [
        'checkpoint_cut',
        ({ files }) => {
          const [name, lines] = [...files].at(-1)!
          files.set(name, lines.slice(0, rng.below(lines.length)))
        },
      ],
      'a last file removed': [
        'checkpoint_cut',
        ({ files }) => {
          const names = [...files.keys()]
          for (const name of names.slice(1 + rng.below(names.length - 1))) files.delete(name)
        },
      ],
      'a line taken out': [
        'checkpoint_missing',
        (copy) => {
          const { lines, index } = one(places(copy).slice(0, -1))
          lines.splice(index, 1)
        },
      ],
      'two lines exchanged': [
        'checkpoint_reordered',
        (copy) => {
          const all = places(copy)
          const first = rng.below(all.length - 1)
          const [a, b] = [all[first]!, all[first + 1 + rng.below(all.length - first - 1)]!]
          const kept = a.lines[a.index]!
          a.lines[a.index] = b.lines[b.index]!
          b.lines[b.index] = kept
        },
      ],
    }

  it.each(Object.keys(FORGERIES))('%s is found, each time', async (name) => {
    const [kind, forge] = FORGERIES[name]!
    for (let time = 0; time < TIMES; time += 1) {
      const copy = written.journal.copy()
      forge(copy)
      const { findings } = await verifyAudit(database.db, { ...options(copy), book: 0 })
      expect(findings.map((each) => each.kind)).toContain(kind)
    }
  })

  it('a witness with other lines, though signed, is found', async () => {
    const copy = written.journal.copy()
    const { lines, index } = one(places(copy))
    const read = readCheckpoint(lines[index]!)!
    lines[index] = writeCheckpoint({ ...read, at: read.at + 1 }, written.key)
    const journals = [written.journal, copy]
    const { findings } = await verifyAudit(database.db, { journals, keys: written.keys, book: 0 })
    expect(findings).toMatchObject([{ kind: 'checkpoint_forged', from: read.n }])
  })
})

describe('an untouched log', () => {
  it('is in order, in all its ways', async () => {
    expect(written.journal.files.size).toBeGreaterThanOrEqual(FILES)
    const report = await verifyAudit(database.db, options())
    const entries = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    expect(report).toMatchObject({
      findings: [],
      entries,
      books: BOOKS.length,
      checkpoints: 14,
      uncovered: [],
    })
    for (const book of [0, 100]) {
      const only = await verifyAudit(database.db, { ...options(), book })
      expect(only).toMatchObject({ findings: [], entries: sizes.get(book), books: 1 })
    }
    const since = report.checkpointAt! - 12 * 3_600_000
    const late = await verifyAudit(database.db, { ...options(), since })
    expect(late).toMatchObject({ findings: [], checkpoints: 7, uncovered: [] })
    expect(late.entries).toBeLessThan(entries / 2)
    expect(late.entries).toBeGreaterThan(0)
  })

  it('names what no checkpoint covers yet', async () => {
    const size = sizes.get(100)!
    const { findings, uncovered } = await tampered(database.db, options(), (tx) =>
      applyAppend(tx, 100),
    )
    expect({ findings, uncovered }).toEqual({
      findings: [],
      uncovered: [{ book: 100, from: size + 1, to: size + 1 }],
    })
  })

  it('verifies whatever was added, by whatever batches', async () => {
    const { db } = database
    const batch = fc.record({
      book: fc.constantFrom(20, 21),
      now: fc.integer({ min: 0, max: 4_000_000_000_000 }),
      entries: fc.array(
        fc.record({
          object: fc
            .string({ minLength: 1, unit: 'grapheme' })
            .map((text) => text.replaceAll('\0', '')),
          before: fc.option(fc.json(), { nil: undefined }),
          after: fc.jsonValue(),
        }),
        { minLength: 1, maxLength: 5 },
      ),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
        for (const { book, now, entries } of batches) {
          const rows = entries.map((each) =>
            applied(auditEffect, { ...entryOf(1), ...each, object: `o${each.object}` }),
          )
          await applyEffects(db, { book, now }, rows)
        }
        const reports = [
          await verifyAudit(db, { ...options(), book: 20 }),
          await verifyAudit(db, { ...options(), book: 21 }),
        ]
        expect(reports.flatMap(({ findings }) => findings.map(sayFinding))).toEqual([])
      }),
      { numRuns: 30, seed: 5 },
    )
  })
})

it('the public key of a checkpoint is that of its signer', () => {
  const [lines] = written.journal.files.values()
  expect(readCheckpoint(lines![0]!)!.key).toBe(publicKeyText(written.key))
})
