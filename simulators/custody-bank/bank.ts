/**
 * Puts the bank together: database, keys, clock, due work and server. Nothing here or below knows the
 * platform's code; the two meet only over HTTP.
 */
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { wallNow } from '../channel/clock.ts'
import { adminRoutes, type BankAdmin, createAdmin } from './admin.ts'
import { type Bank, DEFAULT_SETTINGS, openBook, type Settings } from './book.ts'
import { type ClockSetting, createClock } from './clock.ts'
import { createDueRunner, type DueRow } from './due.ts'
import { createFaultBoard } from './faults.ts'
import { sendNotice } from './notices.ts'
import { mature } from './operations/guarantee.ts'
import { returnWithdrawal, settleWithdrawal } from './operations/withdrawal.ts'
import { createServer } from './server.ts'
import { createVerifier, newPrivateKeyPem, readKeyPair, readPublicKey } from './signature.ts'
import { createSchema, openStore, type Store } from './store.ts'
import { createOperations } from './teller.ts'

export interface CustodyBankOptions {
  /** A database in which the role may create, or owns, the schema `custody_bank`. */
  databaseUrl: string
  /** The key that checks the platform's signatures. */
  platformPublicKeyPem: string
  /** The bank's signing key; a new one when absent. */
  privateKeyPem?: string
  /** Where notices go; without it none are sent. */
  noticeUrl?: string
  /** 0 takes any free port. */
  port?: number
  host?: string
  clientId?: string
  mrchCode?: string
  poolNo?: string
  settings?: Partial<Settings>
  /** Told of errors that no caller is told of. */
  onError?: (error: Error) => void
}

export interface CustodyBank {
  url: string
  publicKeyPem: string
  clientId: string
  mrchCode: string
  /** 资金汇总账号, the number of the pool. */
  poolNo: string
  admin: BankAdmin
  /** Cuts open connections, waits for work in hand, closes the database. */
  close(): Promise<void>
}

async function saved<T>(store: Store, name: string): Promise<T | undefined> {
  const sql = 'select value from custody_bank.setting where name = $1'
  return (await store.query<{ value: T }>(sql, [name]))[0]?.value
}

async function openBank(options: CustodyBankOptions, store: Store): Promise<Bank> {
  await createSchema(store)
  const setting = (await saved<ClockSetting>(store, 'clock')) ?? { mode: 'real' }
  const bank: Bank = {
    store,
    clock: createClock(setting, wallNow),
    faults: createFaultBoard(),
    settings: {
      ...DEFAULT_SETTINGS,
      ...(await saved<Settings>(store, 'settings')),
      ...options.settings,
    },
    mrchCode: options.mrchCode ?? '5236',
    poolNo: options.poolNo ?? '15000100000001',
  }
  await openBook(store, bank.poolNo)
  return bank
}

/** Starts the bank; its book is where its database says it was left. */
export async function startCustodyBank(options: CustodyBankOptions): Promise<CustodyBank> {
  const onError = options.onError ?? (() => {})
  const clientId = options.clientId ?? 'platform'
  const privateKeyPem = options.privateKeyPem ?? newPrivateKeyPem()
  const keys = readKeyPair(privateKeyPem)
  const platform = readPublicKey(options.platformPublicKeyPem)
  const store = openStore(options.databaseUrl, onError)
  try {
    const bank = await openBank(options, store)
    const { noticeUrl } = options
    const to = noticeUrl === undefined ? undefined : { url: noticeUrl, keys, wall: wallNow }
    const due = createDueRunner(
      bank,
      {
        async act(desk, row: DueRow) {
          if (row.kind === 'settle') await settleWithdrawal(desk, row.key)
          else if (row.kind === 'return') await returnWithdrawal(desk, row.key)
          else if (row.kind === 'mature') await mature(desk, row.key, row.fen ?? 0n)
        },
        send: (id) => sendNotice(store, to, id),
      },
      onError,
    )
    const fileSecret = createHash('sha256').update(privateKeyPem).digest('hex')
    const verify = createVerifier(platform, clientId, wallNow)
    const operations = createOperations(fileSecret)
    const face = { bank, keys, operations, fileSecret, verify, wall: wallNow, onError }
    const server = createServer({ ...face, kick: () => due.kick() })
    const admin = createAdmin(bank, due)
    await server.register(adminRoutes(admin), { prefix: '/admin' })
    const host = options.host ?? '127.0.0.1'
    await server.listen({ port: options.port ?? 0, host })
    const { port } = server.server.address() as AddressInfo
    due.kick()
    return {
      url: `http://${host}:${port}`,
      publicKeyPem: keys.publicKeyPem,
      ...{ clientId, mrchCode: bank.mrchCode, poolNo: bank.poolNo, admin },
      async close() {
        await server.close()
        await due.stop()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
