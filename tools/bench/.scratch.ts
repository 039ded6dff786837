import pg from 'pg'
import { startBenchServer } from './database.ts'
import { FLOOR_TABLE, floor } from './floor.ts'
import { measure } from './measure.ts'
import { NAIVE_TABLES, naive } from './naive.ts'

const server = await startBenchServer()
console.log(server.version, server.postmaster)
await server.makeTemplate(async (url) => {
  const c = new pg.Client({ connectionString: url })
  await c.connect()
  await c.query(FLOOR_TABLE + ';' + NAIVE_TABLES)
  await c.end()
})
const found = await measure({
  server,
  designs: [floor, naive('uniform'), naive('hot')],
  repeats: 2,
  seconds: 1,
  seed: 1,
  print: console.log,
})
console.log(found)
await server.stop()
