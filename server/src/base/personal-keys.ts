/**
 * The key ring of personal data: made on first start, kept outside the database.
 *
 * It comes from `TENON_PERSONAL_KEY` or else from a file that only its owner can read. The text is
 * the same in both: `index:<base64>,k2:<base64>,k1:<base64>`, 32 bytes each; the first id after
 * `index` seals new values, the others only open old ones. The one thing to get wrong: a fresh ring
 * for a database that already holds sealed values would start happily and open nothing. So the
 * database keeps a fingerprint of every key, and a ring that does not match is refused.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { type SettingsTable, secret, text } from './config.ts'
import type { Db, Tx } from './db.ts'
import { writeKeyFile } from './key-file.ts'
import { PersonalProblem } from './personal-refusals.ts'
import { derive, type PersonalKeys } from './personal-seal.ts'
import type { Instant } from './world.ts'

export interface PersonalKeySource {
  /** The value of `TENON_PERSONAL_KEY`; it goes before the file. */
  readonly text?: string | undefined
  /** The key file, such as `personal.key` in the data folder. */
  readonly file: string
  readonly db: Db
  readonly now: Instant
}

const VARIABLE = 'TENON_PERSONAL_KEY'

/** The setting that carries the ring where no file can. */
export const personalSettings = {
  personalKeys: {
    name: VARIABLE,
    parse: secret(text),
    optional: true,
    secret: true,
    says: 'The keys that seal names, ID numbers, cards and phones, as `index:…,k1:…`; without it they are kept in `personal.key` in the folder of keys.',
  },
} as const satisfies SettingsTable

const INDEX = 'index'
const KEY_BYTES = 32
/** Serialises first starts on one database; the number means nothing else. */
const START_LOCK = 7_204_611_930

/**
 * The key ring of this installation. The first start writes a new one to the file; from then on a
 * missing or different key is refused with a sentence, before anything is changed. Two servers that
 * start together end with the same ring.
 */
export async function loadPersonalKeys(source: PersonalKeySource): Promise<PersonalKeys> {
  return source.db.tx(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [START_LOCK])
    const known = await knownFingerprints(tx)
    const ring = await findRing(source, known)
    checkRing(ring, known, named(source))
    for (const [keyId, fingerprint] of fingerprints(ring)) {
      await tx.query(
        `insert into base.personal_key (key_id, fingerprint, first_used_at)
         values ($1, $2, $3) on conflict (key_id) do nothing`,
        [keyId, fingerprint, new Date(source.now)],
      )
    }
    return ring
  })
}

/** A new ring with one sealing key, in the text form of the file and the variable. */
export function newPersonalKeys(): string {
  return `${INDEX}:${randomKey()},k1:${randomKey()}`
}

/**
 * The ring with a further key in front: new values are sealed with it, old ones still open. The
 * index key stays, because every blind index hangs on it.
 */
export function addPersonalKey(text: string): string {
  const ring = parsePersonalKeys(text, 'the given text')
  const numbers = [...ring.keys.keys()].map((keyId) => Number(/^k(\d+)$/.exec(keyId)?.[1] ?? 0))
  const next = `k${Math.max(0, ...numbers) + 1}`
  const [index, ...sealing] = text.trim().split(',')
  return [index, `${next}:${randomKey()}`, ...sealing].join(',')
}

/**
 * Takes a key out of use: the ring need not hold it any more. Only when no envelope of it is left,
 * that is after every value for which `isOutdated` holds has been opened and sealed again.
 */
export async function retirePersonalKey(tx: Tx, keyId: string): Promise<void> {
  await tx.query('delete from base.personal_key where key_id = $1', [keyId])
}

/** Reads the text form. `from` names where it came from, for the sentence of a refusal. */
export function parsePersonalKeys(text: string, from: string): PersonalKeys {
  const malformed = (why: string) =>
    new PersonalProblem('personal_keys_malformed', { source: from, why })
  const keys = new Map<string, Uint8Array>()
  for (const [position, entry] of text.trim().split(',').entries()) {
    const match = /^([a-z0-9]{1,16}):([A-Za-z0-9+/]{43}=)$/.exec(entry)
    if (match === null) throw malformed(`entry ${position + 1} is not <id>:<32 bytes in base64>`)
    if (keys.has(match[1]!)) throw malformed(`the id ${match[1]} comes twice`)
    keys.set(match[1]!, new Uint8Array(Buffer.from(match[2]!, 'base64')))
  }
  const index = keys.get(INDEX)
  keys.delete(INDEX)
  const [active] = keys.keys()
  if (index === undefined) throw malformed('the entry "index" is missing')
  if (active === undefined) throw malformed('there is no sealing key')
  return { active, keys, index }
}

async function findRing(
  source: PersonalKeySource,
  known: ReadonlyMap<string, string>,
): Promise<PersonalKeys> {
  if (source.text !== undefined && source.text !== '') {
    return parsePersonalKeys(source.text, VARIABLE)
  }
  const kept = await readKeyFile(source.file)
  if (kept !== undefined) return parsePersonalKeys(kept, source.file)
  for (const keyId of known.keys()) {
    throw new PersonalProblem('personal_keys_lost', { key: keyId, source: source.file })
  }
  await writeKeyFile(source.file, newPersonalKeys())
  const written = await readKeyFile(source.file)
  return parsePersonalKeys(written ?? '', source.file)
}

/** Every key the database knows must be in the ring, and be the same one. */
function checkRing(ring: PersonalKeys, known: ReadonlyMap<string, string>, from: string): void {
  const ours = fingerprints(ring)
  for (const [keyId, fingerprint] of known) {
    const details = { key: keyId, source: from }
    const held = ours.get(keyId)
    if (held === undefined) throw new PersonalProblem('personal_keys_lost', details)
    if (held !== fingerprint) throw new PersonalProblem('personal_keys_other', details)
  }
}

async function knownFingerprints(tx: Tx): Promise<Map<string, string>> {
  const rows = await tx.query<{ key_id: string; fingerprint: string }>(
    'select key_id, fingerprint from base.personal_key order by key_id',
  )
  return new Map(rows.map((row) => [row.key_id, row.fingerprint]))
}

/** A hash of a key derived for nothing else, so that it tells nothing about the sealing keys. */
function fingerprints(ring: PersonalKeys): Map<string, string> {
  const all = [...ring.keys, [INDEX, ring.index] as const]
  return new Map(
    all.map(([keyId, secret]) => {
      const derived = derive(secret, 'tenon personal fingerprint v1')
      return [keyId, createHash('sha256').update(derived).digest('hex').slice(0, 32)]
    }),
  )
}

async function readKeyFile(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0) {
      throw new PersonalProblem('personal_keys_open_to_others', { source: file })
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}

function randomKey(): string {
  return randomBytes(KEY_BYTES).toString('base64')
}

function named(source: PersonalKeySource): string {
  return source.text !== undefined && source.text !== '' ? VARIABLE : source.file
}
