/** The World of benches, chaos runs and their child processes: the machine's own clock and dice. */
import { tmpdir } from 'node:os'
import {
  createDb,
  createIds,
  createLog,
  cryptoRng,
  diskFiles,
  httpNet,
  type Log,
  type World,
  wallClock,
} from '../server/src/base/index.ts'

export interface RealWorldOptions {
  /** Of the database. */
  url: string
  log?: Log
  /** Most connections in the pool. */
  max?: number
}

/** Builds the World on a database that is already migrated. The caller closes `world.db`. */
export function realWorld(options: RealWorldOptions): World {
  const clock = wallClock()
  const rng = cryptoRng()
  const log = options.log ?? createLog({ level: 'error' })
  const db = createDb({ url: options.url, log, max: options.max ?? 8 })
  return {
    clock,
    rng,
    ids: createIds(clock, rng),
    db,
    net: httpNet({ clock }),
    files: diskFiles(tmpdir()),
    log,
  }
}
