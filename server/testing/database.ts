/** A database of a test file's own: a copy of the migrated template, gone when it is dropped. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { inject } from 'vitest'
import { createDb, type Db } from '../src/base/db.ts'

export interface TestDatabase {
  url: string
  db: Db
  /** Ends the pool and removes the database, whoever is still connected to it. */
  drop(): Promise<void>
}

export interface TestDatabaseOptions {
  /** `false` gives a database without any schema, for tests of the migrations. */
  migrated?: boolean
}

/** PostgreSQL's `object_in_use`: another copy of the template is being made at this moment. */
const BUSY = '55006'
const TRIES = 100

export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const template = options.migrated === false ? 'template0' : inject('templateName')
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(async (admin) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await admin.query(`create database ${name} template ${template}`)
        return
      } catch (error) {
        if ((error as { code?: string }).code !== BUSY || attempt === TRIES) throw error
        await sleep(20 + 5 * attempt)
      }
    }
  })
  const at = new URL(inject('clusterUrl'))
  at.pathname = `/${name}`
  const db = createDb({ url: at.href, applicationName: 'test', checkoutMs: 10_000 })
  return {
    url: at.href,
    db,
    drop: async () => {
      await db.close()
      await asAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`))
    },
  }
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client(inject('clusterUrl'))
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}
