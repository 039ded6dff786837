import { createServer } from 'node:net'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { migrate } from '../migrate.ts'
import { checkServer } from './check-server.ts'
import { PostgresProblem } from './problem.ts'
import { connected, createRole, ensureRoleAndSchema, ensureTableRoles, urlAs } from './roles.ts'
import { query } from './testing.ts'

/** A database of its own on the test cluster, under the superuser. */
async function ownDatabase(): Promise<string> {
  const name = `roles_${process.pid}_${performance.now().toFixed(0)}`
  await query(inject('clusterUrl'), `create database ${name}`)
  onTestFinished(async () => {
    await query(inject('clusterUrl'), `drop database ${name} with (force)`)
  })
  const url = new URL(inject('clusterUrl'))
  url.pathname = `/${name}`
  return url.href
}

describe('a role with a schema of its own', () => {
  it('works in its schema and sees nothing of the platform’s', async () => {
    const admin = await ownDatabase()
    await query(admin, 'create schema ledger')
    await query(admin, 'create table ledger.transfer as select 680000000 as amount')
    const url = await ensureRoleAndSchema(admin, 'bank_trial', 'bank_trial')
    await query(url, 'create table booking (n int)')
    expect(await query(url, `select to_regclass('bank_trial.booking')::text as name`)).toEqual([
      { name: 'booking' },
    ])
    await expect(query(url, 'select * from ledger.transfer')).rejects.toThrow('permission denied')
    await expect(query(url, 'create table ledger.mine (n int)')).rejects.toThrow(
      'permission denied',
    )
    await expect(query(url, 'create table public.mine (n int)')).rejects.toThrow(
      'permission denied',
    )
    await expect(query(url, 'create schema mine')).rejects.toThrow('permission denied')
    await expect(query(url, 'select * from pg_authid')).rejects.toThrow('permission denied')
  })

  it('may be asked for by many at once and stays as it is', async () => {
    const admin = await ownDatabase()
    const urls = await Promise.all(
      Array.from({ length: 8 }, () => ensureRoleAndSchema(admin, 'bank_crowd', 'bank_crowd')),
    )
    expect(new Set(urls).size).toBe(1)
    expect(await query(urls[0]!, 'select current_user as role')).toEqual([{ role: 'bank_crowd' }])
  })

  it('can be made by an administrator who is no superuser', async () => {
    const admin = await ownDatabase()
    const database = new URL(admin).pathname.slice(1)
    await query(admin, `drop role if exists owner_trial`)
    await query(admin, `create role owner_trial login createrole password 'secret'`)
    await query(admin, `alter database ${database} owner to owner_trial`)
    onTestFinished(async () => {
      await query(inject('clusterUrl'), 'drop role if exists bank_owned')
      await query(inject('clusterUrl'), 'drop role if exists owner_trial')
    })
    const owner = urlAs(admin, 'owner_trial', 'secret')
    for (let time = 1; time <= 2; time += 1) {
      const url = await ensureRoleAndSchema(owner, 'bank_owned', 'bank_owned')
      expect(await query(url, 'select current_schema as name')).toEqual([{ name: 'bank_owned' }])
    }
    await query(admin, `alter database ${database} owner to postgres`)
    await query(admin, 'drop owned by bank_owned; drop owned by owner_trial')
  })

  it('its password never reaches the server in the clear', async () => {
    const admin = await ownDatabase()
    const url = await createRole(admin, 'bank_secret')
    const [row] = await query<{ verifier: string }>(
      admin,
      `select rolpassword as verifier from pg_authid where rolname = 'bank_secret'`,
    )
    expect(row!.verifier).toMatch(/^SCRAM-SHA-256\$/)
    const { password } = new URL(url)
    expect(password).toHaveLength(64)
    const wrong = urlAs(admin, 'bank_secret', password.slice(1))
    await expect(query(wrong, 'select 1')).rejects.toThrow('password authentication failed')
  })

  it.each(['', 'Bank', 'a"b', 'x; drop role postgres', '1st'])(
    'refuses the name "%s"',
    async (name) => {
      await expect(createRole(inject('clusterUrl'), name)).rejects.toThrow('is not a role name')
      await expect(ensureRoleAndSchema(inject('clusterUrl'), 'fine', name)).rejects.toThrow(
        'is not a schema name',
      )
    },
  )
})

describe('roles nobody logs in as', () => {
  it('are made for a plain login, which keeps the owner of what only grows until its tables stand', async () => {
    const admin = await ownDatabase()
    const login = 'table_trial'
    await createRole(admin, login)
    onTestFinished(() =>
      query(admin, `drop owned by ${login} cascade; drop role ${login}`).then(() => {}),
    )
    const held = () =>
      query<{ role: string }>(
        admin,
        `select r.rolname as role from pg_roles r
         where r.rolname like 'tenon\\_%' and pg_has_role('${login}', r.oid, 'member') order by 1`,
      )
    for (let time = 1; time <= 2; time += 1) {
      await ensureTableRoles(admin, login)
      expect(await held()).toEqual([{ role: 'tenon_auditor' }, { role: 'tenon_reader' }])
    }
    // What the login then makes is all there is, and its audit log is not its own.
    const database = new URL(admin).pathname.slice(1)
    await query(admin, `alter database ${database} owner to ${login}`)
    const url = urlAs(admin, login, 'trial')
    await query(admin, `alter role ${login} password 'trial'`)
    await migrate({ url })
    for (let time = 1; time <= 2; time += 1) {
      await ensureTableRoles(admin, login)
      expect(await held()).toEqual([{ role: 'tenon_reader' }])
    }
    await expect(query(url, 'delete from audit.entry')).rejects.toThrow('permission denied')
    await query(admin, `alter database ${database} owner to postgres`)
  })
})

describe('a server of one’s own', () => {
  it('is taken from 15 on', async () => {
    expect(await checkServer(inject('clusterUrl'))).toBe(18)
  })

  /** Answers a login and one question, as a server of that version would. */
  async function serverOfVersion(number: number): Promise<string> {
    const message = (type: string, body: Buffer) => {
      const head = Buffer.alloc(5)
      head.write(type, 'latin1')
      head.writeInt32BE(body.length + 4, 1)
      return Buffer.concat([head, body])
    }
    const int = (value: number, bytes: number) => {
      const buffer = Buffer.alloc(bytes)
      buffer.writeIntBE(value, 0, bytes)
      return buffer
    }
    const text = (value: string) => Buffer.from(`${value}\0`)
    const ready = message('Z', Buffer.from('I'))
    const field = Buffer.concat([
      text('number'),
      int(0, 4),
      int(0, 2),
      int(23, 4),
      int(4, 2),
      int(-1, 4),
      int(0, 2),
    ])
    const value = Buffer.from(String(number))
    const answer = Buffer.concat([
      message('T', Buffer.concat([int(1, 2), field])),
      message('D', Buffer.concat([int(1, 2), int(value.length, 4), value])),
      message('C', text('SELECT 1')),
      ready,
    ])
    const server = createServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.concat([message('R', int(0, 4)), ready]))
        socket.on('data', (bytes) => (bytes[0] === 0x51 ? socket.write(answer) : socket.end()))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return `postgres://me:hush@127.0.0.1:${(server.address() as { port: number }).port}/money`
  }

  const wrong = (change: (url: URL) => void) => async (): Promise<string> => {
    const url = new URL(inject('clusterUrl'))
    change(url)
    return url.href
  }
  const refused: [string, () => Promise<string>, string, RegExp][] = [
    [
      'too old',
      () => serverOfVersion(140_017),
      'too_old',
      /127.0.0.1:\d+\/money is PostgreSQL 14; Tenon needs 15 or newer/,
    ],
    [
      'nothing there',
      async () => 'postgres://me:hush@127.0.0.1:1/money',
      'unreachable',
      /127.0.0.1:1\/money.*nothing listens there/,
    ],
    [
      'another password',
      wrong((url) => {
        url.password = 'hush'
      }),
      'unreachable',
      /password authentication failed/,
    ],
    [
      'no such database',
      wrong((url) => {
        url.pathname = '/nowhere'
      }),
      'unreachable',
      /"nowhere" does not exist/,
    ],
    ['no url', async () => 'hush', 'unreachable', /is not a url/],
  ]
  it.each(refused)('is refused: %s', async (_, url, code, says) => {
    const error = await checkServer(await url()).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(PostgresProblem)
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) })
    expect((error as Error).message, 'no password in a message').not.toContain('hush')
  })

  it('of version 15 passes the same way 14 fails', async () => {
    expect(await checkServer(await serverOfVersion(150_003))).toBe(15)
  })
})

it('a connection is ended whatever happens on it', async () => {
  const admin = await ownDatabase()
  await connected(admin, async () => Promise.reject(new Error('no'))).catch(() => undefined)
  const database = new URL(admin).pathname.slice(1)
  const left = () =>
    query<{ n: number }>(
      inject('clusterUrl'),
      `select count(*)::int as n from pg_stat_activity where datname = '${database}'`,
    )
  await expect.poll(async () => (await left())[0]?.n).toBe(0)
})
