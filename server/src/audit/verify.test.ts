/**
 * A superuser changes the log in every way there is, fifty times each, and every time verification
 * finds it and says where. Untouched logs are in order.
 */
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applied, seededRng, type Tx } from '#base'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { applyEffects } from '../../testing/effects.ts'
import { testWorld } from '../../testing/world.ts'
import { publicKeyText, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { auditEffect, type Finding, type FindingKind, sayFinding, verifyAudit } from './index.ts'
import { entryOf, type MemoryJournal, tampered, writtenLog } from './testing/ground.ts'

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
/** A number of an entry with at least one before and one after it. */
const middle = (book: number) => 2 + rng.below(sizes.get(book)! - 2)

/** Recomputes hashes from an entry on with the database's own function, as an insider would. */
async function rewrite(tx: Tx, book: number, from: number): Promise<void> {
  await tx.query(
    'create temp table kept on commit drop as select * from audit.entry where book_id = $1 and seq >= $2',
    [book, from],
  )
  await tx.query('delete from audit.entry where book_id = $1 and seq >= $2', [book, from])
  await tx.query(
    `update audit.head set seq = $2::int8 - 1, hash = coalesce(
       (select hash from audit.entry where book_id = $1 and seq = $2::int8 - 1),
       decode(repeat('00', 32), 'hex')) where book_id = $1`,
    [book, from],
  )
  await tx.query(
    `select audit.append($1, k.at, array[k.org_id], array[k.actor_kind], array[k.actor_id],
       array[k.actor_person], array[k.from_address], array[k.action], array[k.object],
       array[k.before], array[k.after], array[k.approval], array[k.request_id])
     from (select * from kept order by seq) k`,
    [book],
  )
  await tx.query('drop table kept')
}

const EDITS: readonly (readonly [string, string])[] = [
  ['at', "at + interval '1 microsecond'"],
  ['org_id', 'org_id + 1'],
  ['actor_kind', "case actor_kind when 'user' then 'operator' else 'user' end"],
  ['actor_id', "actor_id || '1'"],
  ['actor_person', "''"],
  ['from_address', "'203.0.113.9'"],
  ['action', "'identity.revoke_role'"],
  ['object', "object || 'x'"],
  ['before', 'null'],
  ['after', "replace(after, ':', ': ')"],
  ['approval', "''"],
  ['request_id', 'approval'],
  ['prev_hash', "sha256('x')"],
  ['hash', "sha256('x')"],
]

interface Tampering {
  /** The number the findings must point at. */
  readonly at: number
  readonly kinds: readonly FindingKind[]
  readonly work: (tx: Tx) => Promise<unknown>
}

const TAMPERINGS: Readonly<Record<string, (book: number) => Tampering>> = {
  ...Object.fromEntries(
    EDITS.map(([column, value]) => [
      `an edit of ${column}`,
      (book): Tampering => {
        const at = 1 + rng.below(sizes.get(book)!)
        const sql = `update audit.entry set ${column} = ${value} where book_id = $1 and seq = $2`
        return { at, kinds: ['edited'], work: (tx) => tx.query(sql, [book, at]) }
      },
    ]),
  ),
  'an edit with the entry hashed anew': (book) => {
    const seq = middle(book)
    const work = async (tx: Tx) => {
      await tx.query("update audit.entry set object = 'usr_0_9' where book_id = $1 and seq = $2", [
        book,
        seq,
      ])
      await tx.query(
        'create temp table rest on commit drop as select * from audit.entry where book_id = $1 and seq > $2',
        [book, seq],
      )
      await tx.query('delete from audit.entry where book_id = $1 and seq > $2', [book, seq])
      const [head] = await tx.query<{ seq: bigint; hash: Buffer }>(
        'select seq, hash from audit.head where book_id = $1',
        [book],
      )
      await rewrite(tx, book, seq)
      await tx.query('insert into audit.entry select * from rest')
      await tx.query('drop table rest')
      await tx.query('update audit.head set seq = $2, hash = $3 where book_id = $1', [
        book,
        head!.seq,
        head!.hash,
      ])
    }
    return { at: seq + 1, kinds: ['unlinked'], work }
  },
  'a deletion in the middle': (book) => {
    const at = middle(book)
    const sql = 'delete from audit.entry where book_id = $1 and seq = $2'
    return { at, kinds: ['missing'], work: (tx) => tx.query(sql, [book, at]) }
  },
  'a deletion with the rest moved down': (book) => {
    const at = middle(book)
    const work = async (tx: Tx) => {
      await tx.query('delete from audit.entry where book_id = $1 and seq = $2', [book, at])
      await tx.query('update audit.entry set seq = seq + 1000000 where book_id = $1 and seq > $2', [
        book,
        at,
      ])
      await tx.query(
        'update audit.entry set seq = seq - 1000001 where book_id = $1 and seq > 1000000',
        [book],
      )
      await tx.query('update audit.head set seq = seq - 1 where book_id = $1', [book])
    }
    return { at, kinds: ['reordered'], work }
  },
  'a truncation with the head moved back': (book) => {
    const at = middle(book)
    const work = async (tx: Tx) => {
      await tx.query('delete from audit.entry where book_id = $1 and seq >= $2', [book, at])
      await tx.query(
        `update audit.head set seq = e.seq, hash = e.hash from audit.entry e
         where head.book_id = $1 and e.book_id = $1 and e.seq = $2`,
        [book, at - 1],
      )
    }
    return { at, kinds: ['truncated'], work }
  },
  'a truncation that leaves the head': (book) => {
    const at = middle(book)
    const sql = 'delete from audit.entry where book_id = $1 and seq >= $2'
    return { at, kinds: ['truncated'], work: (tx) => tx.query(sql, [book, at]) }
  },
  'a book taken away whole': (book) => {
    const work = async (tx: Tx) => {
      await tx.query('delete from audit.entry where book_id = $1', [book])
      await tx.query('delete from audit.head where book_id = $1', [book])
    }
    return { at: 1, kinds: ['truncated'], work }
  },
  'two entries exchanged': (book) => {
    const at = 1 + rng.below(sizes.get(book)! - 1)
    const other = at + 1 + rng.below(sizes.get(book)! - at)
    const sql = 'update audit.entry set seq = $3 where book_id = $1 and seq = $2'
    const work = async (tx: Tx) => {
      await tx.query(sql, [book, at, 1_000_000])
      await tx.query(sql, [book, other, at])
      await tx.query(sql, [book, 1_000_000, other])
    }
    return { at, kinds: ['reordered'], work }
  },
  'an entry put in between': (book) => {
    const at = middle(book)
    const work = async (tx: Tx) => {
      await tx.query(
        'update audit.entry set seq = seq + 1000000 where book_id = $1 and seq >= $2',
        [book, at],
      )
      await tx.query(
        'update audit.entry set seq = seq - 999999 where book_id = $1 and seq >= 1000000',
        [book],
      )
      await tx.query(
        `insert into audit.entry select book_id, $2, at, org_id, actor_kind, actor_id, actor_person,
           from_address, action, 'usr_0_9', before, after, approval, request_id, prev_hash, hash
         from audit.entry where book_id = $1 and seq = $2::int8 - 1`,
        [book, at],
      )
      await tx.query('update audit.head set seq = seq + 1 where book_id = $1', [book])
    }
    return { at, kinds: ['edited', 'reordered'], work }
  },
  'an entry put behind the end': (book) => {
    const at = sizes.get(book)! + 1
    const work = async (tx: Tx) => {
      const [head] = await tx.query<{ seq: bigint; hash: Buffer }>(
        'select seq, hash from audit.head where book_id = $1',
        [book],
      )
      await applyAppend(tx, book)
      await tx.query('update audit.head set seq = $2, hash = $3 where book_id = $1', [
        book,
        head!.seq,
        head!.hash,
      ])
    }
    return { at, kinds: ['head_moved'], work }
  },
  'the chain written anew from an entry on': (book) => {
    const at = middle(book)
    const work = async (tx: Tx) => {
      await tx.query(
        "update audit.entry set actor_id = 'usr_0_9' where book_id = $1 and seq = $2",
        [book, at],
      )
      await rewrite(tx, book, at)
    }
    return { at, kinds: ['forked'], work }
  },
  'the chain written anew without an entry, and gone on': (book) => {
    const at = middle(book)
    const work = async (tx: Tx) => {
      await tx.query('delete from audit.entry where book_id = $1 and seq = $2', [book, at])
      await rewrite(tx, book, at)
      for (let n = 0; n < 3; n += 1) await applyAppend(tx, book)
    }
    return { at, kinds: ['forked'], work }
  },
  'the head replaced': (book) => {
    const sql = "update audit.head set hash = sha256('x') where book_id = $1"
    const at = sizes.get(book)!
    return { at, kinds: ['head_replaced'], work: (tx) => tx.query(sql, [book]) }
  },
  'the head moved back': (book) => {
    const at = middle(book)
    const sql = `update audit.head set seq = e.seq, hash = e.hash from audit.entry e
                 where head.book_id = $1 and e.book_id = $1 and e.seq = $2`
    return { at: at + 1, kinds: ['head_moved'], work: (tx) => tx.query(sql, [book, at]) }
  },
  'the head taken away': (book) => {
    const sql = 'delete from audit.head where book_id = $1'
    const at = sizes.get(book)!
    return { at, kinds: ['head_missing'], work: (tx) => tx.query(sql, [book]) }
  },
}

function applyAppend(tx: Tx, book: number): Promise<unknown> {
  const params = auditEffect.columns([entryOf(999)])
  return tx.query(auditEffect.sql, [book, new Date(1_790_000_000_000), ...params])
}

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
    const tamperings = books.map((book) => ({ book, of: TAMPERINGS[name]!(book) }))
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
