/**
 * The book under random operations, under the same request many times at once, and under kill -9.
 * A plain model of the sub-accounts says what every answer and balance must be.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pg from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from '../../server/testing/database.ts'
import { startCustodyBank } from './index.ts'
import { createClient, newKeys } from './testing/client.ts'
import {
  type Fixture,
  type Member,
  MONDAY,
  moves,
  openMember,
  startFixture,
} from './testing/fixture.ts'
import { createPlayer, step, yuan } from './testing/model.ts'

const DAY = 86_400_000
/** Rows of a statement file: its announced count and total hold, and the columns of each row. */
function rowsOf(text: string, amountAt: number): { total: bigint; rows: string[][] } {
  const [head, ...rest] = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('&'))
  const cents = (value: string) => BigInt(value.replace('.', ''))
  const total = rest.reduce((sum, row) => sum + cents(row[amountAt]!), 0n)
  expect([head![2], head![3]]).toEqual([String(rest.length), yuan(total)])
  return { total, rows: rest }
}

async function expectFilesToAddUp(fixture: Fixture, pool: string): Promise<void> {
  const { statement } = moves(fixture.client)
  const database = new pg.Client(fixture.databaseUrl)
  await database.connect()
  const { rows: dates } = await database.query(
    'select distinct business_date as d from custody_bank.movement order by 1',
  )
  await database.end()
  const balance = new Map<string, bigint>()
  const add = (member: string | undefined, fen: bigint) => {
    balance.set(member ?? '', (balance.get(member ?? '') ?? 0n) + fen)
  }
  const cents = (value: string | undefined) => BigInt(value!.replace('.', ''))
  let last = ''
  for (const { d } of dates as { d: string }[]) {
    for (const row of rowsOf(await statement('CZ', d), 3).rows) add(row[1], cents(row[3]))
    for (const row of rowsOf(await statement('TX', d), 4).rows) add(row[1], -cents(row[4]))
    for (const row of rowsOf(await statement('JY', d), 8).rows) {
      // Money on the guarantee account is nobody's line in YE but its own.
      add(row[3]!.endsWith('0005') ? 'guarantee' : row[2], -cents(row[8]))
      add(row[6]!.endsWith('0005') ? 'guarantee' : row[5], cents(row[8]))
    }
    const ye = rowsOf(await statement('YE', d), 3)
    const told = new Map<string, bigint>()
    for (const row of ye.rows) {
      const member = row[2]!.endsWith('0000000005') ? 'guarantee' : row[1]!
      told.set(member, (told.get(member) ?? 0n) + cents(row[3]))
    }
    for (const [member, fen] of told)
      expect([d, member, fen]).toEqual([d, member, balance.get(member) ?? 0n])
    last = yuan(ye.total)
  }
  if (last !== '') expect(last).toBe(pool)
}

test('random operations: every answer, balance and file is what the model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), async (steps) => {
      const fixture = await startFixture({ noticeUrl: undefined as never })
      try {
        const members: Member[] = []
        for (const code of ['A', 'B', 'C'])
          members.push(await openMember(fixture.client, code, `会员${code}`))
        const player = createPlayer(fixture, members)
        const { model, ops } = player
        for (const s of steps) {
          const [expected, got] = await player.play(s)
          expect(got).toBe(expected)
          const proof = await fixture.bank.admin.proof()
          expect([proof.pool, proof.guarantee]).toEqual([proof.subAccounts, proof.frozen])
        }
        await player.play({ do: 'settle' })
        await player.play({ do: 'next day' })
        for (const [i, { code }] of members.entries())
          expect(await ops.balances(code)).toEqual([
            yuan(model.available[i]!),
            yuan(model.available[i]!),
            yuan(player.frozenOf(i)),
          ])
        const pool = await ops.pool()
        const sum = [
          ...model.available,
          ...members.map((_, i) => player.frozenOf(i)),
          model.suspense,
        ]
        expect(pool).toBe(yuan(sum.reduce((a, b) => a + b, 0n)))
        await fixture.bank.admin.setClock(fixture.bank.admin.now() + DAY)
        await expectFilesToAddUp(fixture, pool)
      } finally {
        await fixture.close()
      }
    }),
    { numRuns: 10 },
  )
}, 240_000)

test('the same request fifty times at once moves the money once', async () => {
  const fixture = await startFixture()
  try {
    const { client } = fixture
    const ops = moves(client)
    const ann = await openMember(client, 'ANN', '安')
    await ops.payIn(ann, '100.00')
    const once = { CnsmrSeqNo: client.nextSeq() }
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => ops.freeze(ann, '1.00', 'ONCE', once)),
    )
    expect(new Set(replies.map((reply) => JSON.stringify(Object.entries(reply).sort()))).size).toBe(
      1,
    )
    expect(replies[0]!.TxnReturnCode).toBe('000000')
    expect(await ops.balances('ANN')).toEqual(['99.00', '99.00', '1.00'])
    const rivals = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ops.freeze(ann, '1.00', `RIVAL${i % 5}`)),
    )
    const codes = rivals.map(({ TxnReturnCode }) => TxnReturnCode)
    expect(codes.filter((code) => code === '000000').length).toBe(5)
    expect(codes.filter((code) => code === 'ERR040').length).toBe(45)
  } finally {
    await fixture.close()
  }
})

interface Program {
  url: string
  startMs: number
  kill(): Promise<void>
}

async function startProgram(environment: Record<string, string>): Promise<Program> {
  const began = performance.now()
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'main.ts')], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let errors = ''
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString()
  })
  const url = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (part: Buffer) => {
      text += part.toString()
      const match = /listening on (http:\S+)/.exec(text)
      if (match) resolve(match[1]!)
    })
    child.once('exit', () => reject(new Error(`the bank ended: ${errors}`)))
  })
  return {
    url,
    startMs: performance.now() - began,
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

test('killed in the middle, the bank has done each payment wholly or not at all', async () => {
  const database = await testDatabase({ migrated: false })
  const folder = await mkdtemp(join(tmpdir(), 'custody-bank-'))
  const keys = newKeys()
  await writeFile(join(folder, 'platform.pem'), keys.publicKeyPem)
  const environment = {
    BANK_DATABASE_URL: database.url,
    BANK_KEYS: join(folder, 'keys'),
    BANK_PORT: '0',
    PLATFORM_PUBLIC_KEY: join(folder, 'platform.pem'),
  }
  let program = await startProgram(environment)
  try {
    const publicKey = await readFile(join(folder, 'keys', 'bank-public.pem'), 'utf8')
    const connect = () => createClient(program.url, publicKey, keys)
    let client = connect()
    const [ann, bob] = [
      await openMember(client, 'ANN', '安'),
      await openMember(client, 'BOB', '鲍'),
    ]
    await moves(client).payIn(ann, '10000.00')
    await moves(client).freeze(ann, '10000.00', 'F')
    const legs = (i: number) =>
      Array.from(
        { length: 10 },
        (_, leg) => [bob, '1.00', `LEG-${i}-${leg}`] as [Member, string, string],
      )
    const seqOf = (i: number) => `KILL${String(i).padStart(18, '0')}`
    const pay = (i: number) => moves(client).pay(ann, 'F', legs(i), { CnsmrSeqNo: seqOf(i) })
    let sent = 0
    for (let round = 0; round < 3; round += 1) {
      const answered = Array.from({ length: 20 }, () => {
        sent += 1
        return pay(sent).then(
          () => true,
          () => false,
        )
      })
      await Promise.race(answered)
      await program.kill()
      await Promise.all(answered)
      program = await startProgram(environment)
      client = connect()
      const [received] = await moves(client).balances('BOB')
      expect(Number(received) % 10).toBe(0)
    }
    for (let i = 1; i <= sent; i += 1) expect((await pay(i)).TxnReturnCode).toBe('000000')
    expect(await moves(client).balances('BOB')).toEqual(['600.00', '600.00', '0.00'])
    expect(await moves(client).balances('ANN')).toEqual(['0.00', '0.00', '9400.00'])
  } finally {
    await program.kill()
    await database.drop()
    await rm(folder, { recursive: true })
  }
}, 120_000)

test('a bank started again goes on where its book was left: clock, settings, withdrawals, notices', async () => {
  const fixture = await startFixture()
  try {
    const { bank, client, keys, databaseUrl } = fixture
    const ann = await openMember(client, 'ANN', '安')
    await moves(client).payIn(ann, '10.00')
    await bank.admin.idle()
    await bank.admin.change({ withdrawalMs: 5000 })
    await moves(client).withdraw(ann, '10.00', { CnsmrSeqNo: client.nextSeq() })
    await bank.close()
    const began = performance.now()
    const again = await startCustodyBank({ databaseUrl, platformPublicKeyPem: keys.publicKeyPem })
    const startMs = performance.now() - began
    try {
      expect(again.admin.now()).toBe(MONDAY)
      expect(again.admin.settings().withdrawalMs).toBe(5000)
      expect((await again.admin.proof()).withdrawalsInFlight).toBe(1000n)
      await again.admin.setClock(MONDAY + 5000)
      expect(await again.admin.proof()).toMatchObject({ withdrawalsInFlight: 0n, pool: 0n })
      expect((await again.admin.notices()).map(({ event }) => event)).toEqual([
        'InboundTransfer',
        'WithdrawResult',
      ])
      // Alone on a machine it takes a tenth of this.
      expect(startMs).toBeLessThan(5000)
    } finally {
      await again.close()
    }
    const other = startCustodyBank({
      databaseUrl,
      platformPublicKeyPem: keys.publicKeyPem,
      poolNo: '1',
    })
    await expect(other).rejects.toThrow(
      'this database holds the book of pool 15000100000001, not 1',
    )
  } finally {
    await fixture.notices.close()
  }
})

test('movements cannot leave the book unbalanced: the check before COMMIT stops them', async () => {
  const fixture = await startFixture()
  try {
    const ann = await openMember(fixture.client, 'ANN', '安')
    await moves(fixture.client).payIn(ann, '10.00')
    const database = new pg.Client(fixture.databaseUrl)
    await database.connect()
    await database.query(
      `update custody_bank.sub_account set available = available + 1 where member_code = 'ANN'`,
    )
    await database.end()
    const request = fixture.client.prepare('6211', 'ApntTransfer', {
      ...{ RecvAcctNo: ann.virtualNo, ApplyTakeCashAmt: '1.00' },
    })
    expect((await fixture.client.raw(request)).status).toBe(500)
    expect(fixture.errors.at(-1)?.message).toContain('does not add up: pool 1100, subAccounts 1101')
    expect((await fixture.bank.admin.proof()).pool).toBe(1000n)
  } finally {
    await fixture.close()
  }
})

test('a role of its own with CREATE on the database is enough, and after the first start without it', async () => {
  const database = await testDatabase({ migrated: false })
  const admin = new pg.Client(database.url)
  await admin.connect()
  const role = `bank_${database.url.slice(-8)}`
  const { username, pathname } = new URL(database.url)
  try {
    await admin.query(`create role ${role} login password 'bank'`)
    await admin.query(`grant create on database ${pathname.slice(1)} to ${role}`)
    const url = new URL(database.url)
    url.username = role
    url.password = 'bank'
    const options = { databaseUrl: url.href, platformPublicKeyPem: newKeys().publicKeyPem }
    await (await startCustodyBank(options)).close()
    await admin.query(`revoke create on database ${pathname.slice(1)} from ${role}`)
    await (await startCustodyBank(options)).close()
    const { rows } = await admin.query(
      `select distinct nspname from pg_class c join pg_namespace n on n.oid = relnamespace
       where relowner = $1::regrole and nspname not like 'pg_%'`,
      [role],
    )
    expect(rows).toEqual([{ nspname: 'custody_bank' }])
  } finally {
    await admin.query(`reassign owned by ${role} to ${username}; drop owned by ${role}`)
    await admin.query(`drop role ${role}`)
    await admin.end()
    await database.drop()
  }
})
