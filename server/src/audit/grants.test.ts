/**
 * What the database itself refuses: to a server that is a plain login, by grants; to a superuser, by
 * triggers that say why. What a superuser can do nevertheless is for `verify.test.ts`.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDb, type Db } from '#base'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { TEST_START } from '../../testing/world.ts'
import { type AuditEntry, recordChange } from './index.ts'

const migration = (name: string) =>
  readFileSync(new URL(`../../migrations/${name}.sql`, import.meta.url), 'utf8')
/** The audit log's own, and what it stands on. */
const MIGRATIONS = [
  'create schema base',
  ...['0070-base-roles', '0071-audit-chains'].map(migration),
]

const entry: AuditEntry = {
  orgId: 1,
  actor: { kind: 'operator', id: 'console', person: '' },
  from: '127.0.0.1',
  action: 'identity.disable_user',
  object: 'usr_0_1',
}

const CHANGES = [
  "update audit.entry set object = 'usr_0_2'",
  'delete from audit.entry',
  'truncate audit.entry',
  "update audit.head set hash = sha256('x')",
  'update audit.head set seq = seq - 1',
  'delete from audit.head',
  'truncate audit.head',
  'update audit.checkpoint_end set n = 0',
  'delete from audit.checkpoint_end',
]

describe('a superuser', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
    await database.db.tx((tx) => recordChange(tx, TEST_START, { entries: [entry] }))
  })
  afterAll(() => database?.drop())

  it.each(CHANGES.filter((sql) => !sql.includes('hash =')))('is told: %s', async (sql) => {
    await expect(database.db.query(sql)).rejects.toThrow('The audit log only grows')
  })
})

describe.each([
  ['made the role itself', true],
  ['was lent the role by a database administrator', false],
])('a plain login that %s', (_, makesRole) => {
  let database: TestDatabase
  let db: Db
  const mark = randomBytes(4).toString('hex')
  const login = `plain_${mark}`
  // Roles belong to the whole cluster, where the usual name is taken.
  const auditor = makesRole ? `auditor_${mark}` : 'tenon_auditor'

  beforeAll(async () => {
    database = await testDatabase({ migrated: false })
    const admin = database.db
    const url = new URL(database.url)
    const kind = makesRole ? 'createrole' : ''
    await admin.query(`create role ${login} login password 'x' ${kind}`)
    await admin.query(`alter database ${url.pathname.slice(1)} owner to ${login}`)
    if (!makesRole) await admin.query(`grant ${auditor} to ${login}`)
    url.username = login
    url.password = 'x'
    db = createDb({ url: url.href })
    for (const sql of MIGRATIONS) await db.query(sql.replaceAll('tenon_auditor', auditor))
    if (!makesRole) await admin.query(`revoke ${auditor} from ${login}`)
    await db.tx((tx) => recordChange(tx, TEST_START, { entries: [entry] }))
  })
  afterAll(async () => {
    await db.close()
    await database.db.query(`drop owned by ${login}, ${auditor}`)
    const admin = createDb({ url: inject('clusterUrl'), max: 1 })
    await database.drop()
    await admin.query(`drop role ${login}`)
    if (makesRole) await admin.query(`drop role ${auditor}`)
    await admin.close()
  })

  it('adds and reads', async () => {
    expect(await db.query('select book_id, seq, object from audit.entry')).toEqual([
      { book_id: 0, seq: 1n, object: 'usr_0_1' },
    ])
    expect(await db.query('select seq from audit.head')).toEqual([{ seq: 1n }])
  })

  it.each([
    ...CHANGES,
    'alter table audit.entry disable trigger all',
    'insert into audit.entry select * from audit.entry',
    'insert into audit.head values (9, 1, sha256($$x$$))',
    "create or replace function audit.append_more() returns int language sql as 'select 1'",
    'drop schema audit cascade',
  ])('may not: %s', async (sql) => {
    await expect(db.query(sql)).rejects.toThrow(/permission denied|must be owner/)
  })

  it('may not take the role of the owner', async () => {
    await expect(db.query(`set role ${auditor}`)).rejects.toThrow('permission denied to set role')
  })
})

describe('a login that may make no roles', () => {
  it('is told what a database administrator runs', async () => {
    const database = await testDatabase()
    const login = `bare_${randomBytes(4).toString('hex')}`
    await database.db.query('drop schema audit cascade')
    await database.db.query(`create role ${login} login`)
    const name = new URL(database.url).pathname.slice(1)
    await database.db.query(`grant create on database ${name} to ${login}`)
    const attempt = database.db.tx(async (tx) => {
      await tx.query(`set local role ${login}`)
      await tx.query(migration('0071-audit-chains'))
    })
    await expect(attempt).rejects.toThrow(`grant tenon_auditor to ${login};`)
    await database.db.query(`drop owned by ${login}`)
    await database.db.query(`drop role ${login}`)
    await database.drop()
  })
})
