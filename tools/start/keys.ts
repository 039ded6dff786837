/** The keys of both sides of the custody bank, made at the first start and kept. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BANK_PUBLIC_KEY, OUR_PRIVATE_KEY } from '../../server/src/main.ts'

export interface BankKeys {
  /** PEM; the bank checks our signatures with it. */
  readonly ourPublic: string
  /** PEM; what the simulator signs with. The server never reads it. */
  readonly bankPrivate: string
}

/** Reads the keys, or makes them where one is missing: ours in `folder`, the bank's in `bankFolder`. */
export async function bankKeys(folder: string, bankFolder: string): Promise<BankKeys> {
  const ours = join(folder, 'custody-bank/our-public.pem')
  const bankPrivate = join(bankFolder, 'bank-private.pem')
  await ensurePair(join(folder, OUR_PRIVATE_KEY), ours)
  await ensurePair(bankPrivate, join(folder, BANK_PUBLIC_KEY))
  return {
    ourPublic: await readFile(ours, 'utf8'),
    bankPrivate: await readFile(bankPrivate, 'utf8'),
  }
}

/** The public key is written last: where it stands, the pair is whole. */
async function ensurePair(secret: string, published: string): Promise<void> {
  const texts = [secret, published].map((path) => readFile(path, 'utf8').catch(() => undefined))
  if ((await Promise.all(texts)).every((text) => text !== undefined)) return
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeKey(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600)
  await writeKey(published, publicKey.export({ type: 'spki', format: 'pem' }), 0o644)
}

async function writeKey(path: string, pem: string | Buffer, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  const file = await open(draft, 'wx', mode)
  try {
    await file.writeFile(pem)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
