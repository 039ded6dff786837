/**
 * The bank as a program of its own. Configuration comes from the environment:
 * BANK_DATABASE_URL and PLATFORM_PUBLIC_KEY (a PEM file) must be there; BANK_PORT (7301), BANK_KEYS
 * (a folder; the bank's key pair is made there at the first start) and NOTICE_URL may.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCustodyBank } from './bank.ts'
import { newPrivateKeyPem } from './signature.ts'

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`set ${name}; the custody bank needs it`)
  return value
}

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new Error(`BANK_PORT is "${text}"; set a port number from 0 to 65535`)
  return Number(text)
}

/** The bank's private key, made on the first start and readable by its owner only. */
async function privateKey(folder: string | undefined): Promise<string | undefined> {
  if (folder === undefined || folder === '') return undefined
  const path = join(folder, 'bank-private.pem')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const there = await readFile(path, 'utf8').catch(() => undefined)
  if (there !== undefined) return there
  await writeFile(path, newPrivateKeyPem(), { mode: 0o600, flag: 'wx' })
  return readFile(path, 'utf8')
}

async function main(): Promise<void> {
  const keys = process.env.BANK_KEYS
  const privateKeyPem = await privateKey(keys)
  const noticeUrl = process.env.NOTICE_URL
  const bank = await startCustodyBank({
    databaseUrl: required('BANK_DATABASE_URL'),
    platformPublicKeyPem: await readFile(required('PLATFORM_PUBLIC_KEY'), 'utf8'),
    port: port(process.env.BANK_PORT ?? '7301'),
    ...(privateKeyPem === undefined ? {} : { privateKeyPem }),
    ...(noticeUrl === undefined || noticeUrl === '' ? {} : { noticeUrl }),
    onError: (error) => console.error(`custody bank: ${error.stack ?? error.message}`),
  })
  if (keys) await writeFile(join(keys, 'bank-public.pem'), bank.publicKeyPem)
  console.log(`custody bank listening on ${bank.url}`)
  const stop = () => {
    bank.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

main().catch((error: Error) => {
  console.error(`custody bank: ${error.message}`)
  process.exit(1)
})
