/** A World for tests: time stands still until moved, dice are seeded, the network is real. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SimulatedClock, simulatedClock } from '../src/base/clock.ts'
import { createDb, type Db } from '../src/base/db.ts'
import { diskFiles } from '../src/base/files.ts'
import { createIds } from '../src/base/ids.ts'
import { createLog } from '../src/base/log.ts'
import { httpNet } from '../src/base/net.ts'
import { seededRng } from '../src/base/rng.ts'
import type { Instant, World } from '../src/base/world.ts'

export interface TestWorld extends World {
  clock: SimulatedClock
}

export interface TestWorldOptions {
  /** The database's url; a world without one refuses every statement. */
  url?: string
  /** A pool that is open already, such as `testDatabase().db`; wins over `url`. */
  db?: Db
  /** Seeds the dice and, through them, the ids. */
  seed?: number
  start?: Instant
  /** Where files are kept. */
  folder?: string
}

/** 2026-03-02 09:00 in Shanghai, a Monday. */
export const TEST_START: Instant = Date.UTC(2026, 2, 2, 1)

export function testWorld(options: TestWorldOptions = {}): TestWorld {
  const clock = simulatedClock(options.start ?? TEST_START)
  const rng = seededRng(options.seed ?? 1)
  const log = createLog({ level: 'silent' })
  const opened = options.url === undefined ? undefined : createDb({ url: options.url, log })
  return {
    clock,
    rng,
    ids: createIds(clock, rng),
    db: options.db ?? opened ?? noDb(),
    net: httpNet({ clock }),
    files: diskFiles(options.folder ?? join(tmpdir(), `tenon-test-files-${process.pid}`)),
    log,
  }
}

function noDb(): Db {
  const refuse = () => Promise.reject(new Error('This test world has no database; give it a url.'))
  const none = { query: refuse, tx: refuse }
  return { ...none, forOrg: () => none, connect: refuse, close: async () => undefined }
}
