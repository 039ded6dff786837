import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { defaultDataFolder } from './folder.ts'
import { withLock } from './lock.ts'
import { signal } from './processes.ts'
import { serverSettings } from './settings.ts'
import {
  FAST,
  killEverything,
  launchFast,
  launchInChild,
  query,
  serverPid,
  temporaryFolder,
} from './testing.ts'

const GB = 1024 ** 3

describe('start, adopt, stop', () => {
  it('makes a database on the first start, adopts it, and stops it in order', async () => {
    const folder = join(await temporaryFolder(), 'new')
    const lines: string[] = []
    const first = await launchFast(folder, { onLine: (line) => lines.push(line) })
    expect(first.adopted).toBe(false)
    expect(lines).toEqual([`Making a new database in ${folder}.`])

    const [facts] = await query<Record<string, string>>(
      first.url,
      `select current_user as role, current_database() as db, pg_encoding_to_char(encoding) as encoding,
              datlocprovider as provider, rolsuper as super, current_setting('server_version_num') as version
       from pg_database, pg_roles where datname = current_database() and rolname = current_user`,
    )
    expect(facts).toMatchObject({
      role: 'tenon',
      db: 'tenon',
      encoding: 'UTF8',
      provider: 'b',
      super: false,
    })

    const second = await launchFast(folder)
    expect(second.adopted).toBe(true)
    expect(second.url).toBe(first.url)

    const pid = await serverPid(folder)
    await second.stop()
    expect(await serverPid(folder), 'the first user still has it').toBe(pid)
    await first.stop()
    expect(await serverPid(folder)).toBeUndefined()
    expect(await readFile(join(folder, 'server.log'), 'utf8')).toContain(
      'database system is shut down',
    )
    expect((await readdir(folder)).sort()).toEqual(
      ['credentials.json', 'data', 'folder.json', 'port', 'server.log', 'users'].sort(),
    )
  })

  it('listens on the loopback only, with a password only, and keeps it from other users', async () => {
    const folder = await temporaryFolder()
    const postgres = await launchFast(folder)
    const [settings] = await query<Record<string, string>>(
      postgres.adminUrl,
      `select current_setting('listen_addresses') as listen, current_setting('unix_socket_directories') as socket,
              current_setting('archive_mode') as archive, current_setting('synchronous_commit') as commits,
              (select bool_and(auth_method = 'scram-sha-256') from pg_hba_file_rules) as scram`,
    )
    expect(settings).toEqual({
      listen: '127.0.0.1',
      socket: '',
      archive: 'on',
      commits: 'on',
      scram: true,
    })
    const wrong = new URL(postgres.url)
    wrong.password = 'guess'
    await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed')
    expect((await stat(join(folder, 'credentials.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700)
  })

  it('keeps its port from one start to the next', async () => {
    const folder = await temporaryFolder()
    const first = await launchFast(folder)
    await first.stop()
    const second = await launchFast(folder)
    expect(second.adopted).toBe(false)
    expect(second.url).toBe(first.url)
  })
})

describe('after a crash', () => {
  it('recovers all that was committed when everything was killed', async () => {
    const folder = await temporaryFolder()
    const before = await launchFast(folder)
    await query(before.url, 'create table kept as select generate_series(1, 1000) as n')
    await killEverything(folder)
    const after = await launchFast(folder)
    expect(after.adopted).toBe(false)
    expect(await query(after.url, 'select count(*)::int as n from kept')).toEqual([{ n: 1000 }])
  })

  it('starts although children of the killed server are still busy', async () => {
    const folder = await temporaryFolder()
    const before = await launchFast(folder)
    const busy = new pg.Client(before.url)
    busy.on('error', () => undefined)
    await busy.connect()
    // A loop without a wait never looks whether its parent is alive.
    const work = busy.query(`do $$ begin loop perform 1; end loop; end $$`).catch(() => undefined)
    const pid = await serverPid(folder)
    signal(pid!, 'SIGKILL')
    const after = await launchFast(folder)
    expect(await query(after.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await work
    await busy.end().catch(() => undefined)
  })

  it('is not fooled by another program that has the dead server’s number', async () => {
    const folder = await temporaryFolder()
    const before = await launchFast(folder)
    const file = join(folder, 'data', 'postmaster.pid')
    const lines = (await readFile(file, 'utf8')).split('\n')
    await killEverything(folder)
    await writeFile(file, [String(process.pid), ...lines.slice(1)].join('\n'))
    const after = await launchFast(folder)
    expect(after.adopted).toBe(false)
    expect(after.url).toBe(before.url)
  })

  it('starts over when the first start was killed in the middle', async () => {
    const folder = await temporaryFolder()
    const child = launchInChild(folder)
    const staged = async () =>
      (await readdir(folder)).filter((name) => name.startsWith('data.new-'))
    while ((await staged()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    child.process.kill('SIGKILL')
    await child.end()
    expect(await readdir(folder)).not.toContain('data')
    const postgres = await launchFast(folder)
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await staged()).toEqual([])
  })

  it('watches: a server that dies comes back on its port', async () => {
    const folder = await temporaryFolder()
    const postgres = await launchFast(folder)
    await query(postgres.url, 'create table kept as select 1 as n')
    for (let round = 1; round <= 2; round += 1) {
      const died = await serverPid(folder)
      let end = () => {}
      const back = new Promise<string>((resolve) => {
        end = postgres.watch(resolve)
      })
      signal(died!, 'SIGKILL')
      expect(await back).toBe(`PostgreSQL had died and is up again on port ${postgres.port}.`)
      end()
      expect(await serverPid(folder)).not.toBe(died)
      expect(await query(postgres.url, 'select n from kept')).toEqual([{ n: 1 }])
    }
  })

  it('watches no more once stopped', async () => {
    const folder = await temporaryFolder()
    const postgres = await launchFast(folder)
    postgres.watch(() => undefined)
    await postgres.stop()
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await serverPid(folder)).toBeUndefined()
  })
})

describe('two at once', () => {
  it('one starts the server, the other adopts it, and the last to leave stops it', async () => {
    const folder = await temporaryFolder()
    const children = [launchInChild(folder), launchInChild(folder)]
    const answers = await Promise.all(
      children.map(
        async (child) => JSON.parse(await child.line()) as { url: string; adopted: boolean },
      ),
    )
    expect(answers.map(({ adopted }) => adopted).sort()).toEqual([false, true])
    expect(answers[0]!.url).toBe(answers[1]!.url)
    expect(await children[0]!.end()).toBe(0)
    expect(await query(answers[1]!.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await children[1]!.end()).toBe(0)
    expect(await serverPid(folder)).toBeUndefined()
  })

  it('a lock of a dead process holds nobody up', async () => {
    const lock = join(await temporaryFolder(), 'launch.lock')
    const held = [
      { pid: 2 ** 22 + 1, began: '1' },
      { pid: process.pid, began: 'another process had this number' },
    ]
    for (const holder of held) {
      await writeFile(lock, JSON.stringify(holder))
      expect(
        await withLock(
          lock,
          () => undefined,
          async () => 'done',
        ),
      ).toBe('done')
    }
    await writeFile(lock, '{"pid":')
    expect(
      await withLock(
        lock,
        () => undefined,
        async () => 'done',
      ),
    ).toBe('done')
  })

  it('the lock lets one in at a time', async () => {
    const folder = await temporaryFolder()
    let inside = 0
    let most = 0
    const enter = () =>
      withLock(
        join(folder, 'launch.lock'),
        () => undefined,
        async () => {
          inside += 1
          most = Math.max(most, inside)
          await new Promise((resolve) => setTimeout(resolve, 5))
          inside -= 1
        },
      )
    await Promise.all(Array.from({ length: 8 }, enter))
    expect(most).toBe(1)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('where and how', () => {
  it.each([
    ['TENON_DATA', { TENON_DATA: '/srv/money' }, false, /^\/srv\/money$/],
    ['root', {}, true, /^\/var\/lib\/tenon\/shop-[0-9a-f]{8}$/],
    ['XDG_DATA_HOME', { XDG_DATA_HOME: '/data' }, false, /^\/data\/tenon\/shop-[0-9a-f]{8}$/],
    ['home', {}, false, /\/\.local\/share\/tenon\/shop-[0-9a-f]{8}$/],
  ] as const)(
    'the data folder follows %s and is outside the checkout',
    async (_, env, root, expected) => {
      const checkout = join(await temporaryFolder(), 'shop')
      await mkdir(checkout)
      const folder = defaultDataFolder(env, checkout, root)
      expect(folder).toMatch(expected)
      expect(folder.startsWith(checkout)).toBe(false)
    },
  )

  it('two checkouts of one name get two folders', async () => {
    const parent = await temporaryFolder()
    const checkouts = [join(parent, 'a/shop'), join(parent, 'b/shop')]
    for (const checkout of checkouts) await mkdir(checkout, { recursive: true })
    const folders = checkouts.map((checkout) => defaultDataFolder({}, checkout, false))
    expect(folders[0]).not.toBe(folders[1])
  })

  it.each([
    [GB / 4, '128MB'],
    [2 * GB, '512MB'],
    [8 * GB, '2048MB'],
    [256 * GB, '2048MB'],
  ])('with %d bytes of memory shared_buffers is %s', (memory, expected) => {
    expect(serverSettings(memory).shared_buffers).toBe(expected)
  })

  it('runs with the settings of a real machine', async () => {
    const folder = await temporaryFolder()
    const settings = serverSettings(GB / 2)
    const postgres = await launchFast(folder, { settings, initdbOptions: [] })
    const rows = await query<{ name: string; setting: string }>(
      postgres.adminUrl,
      `select name, current_setting(name) as setting from pg_settings`,
    )
    const actual = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
    expect(actual).toMatchObject(settings)
    expect(Object.keys(FAST).filter((name) => actual[name] === undefined)).toEqual([])
  })
})
