/** Where the running sandbox is, kept in a file so that `tenon pay` finds it. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultDataFolder } from '../../server/src/base/postgres/index.ts'
import type { RailName } from '../rails/names.ts'

/** Where the parts of a running sandbox are. */
export interface Sandbox {
  /** Address of the API. */
  readonly api: string
  /** The pool's book, `book_…`. */
  readonly book: string
  /** The account of the seeded order, `acc_…`. */
  readonly order: string
  /** Addresses of the rails. */
  readonly rails: Readonly<Record<RailName, string>>
}

const FILE = 'sandbox.json'

/** Writes where things are, for other commands, into the folder of the rails. */
export async function writeSandbox(folder: string, sandbox: Sandbox): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = join(folder, `${FILE}.${randomBytes(4).toString('hex')}`)
  await writeFile(draft, `${JSON.stringify(sandbox, undefined, 2)}\n`, { mode: 0o644, flag: 'wx' })
  await rename(draft, join(folder, FILE))
}

/** Where the sandbox of this environment's data folder is, `undefined` before its first start. */
export async function readSandbox(env: NodeJS.ProcessEnv): Promise<Sandbox | undefined> {
  const text = await readFile(join(railsFolder(env), FILE), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Sandbox)
}

/** Beside a database of one's own, inside the embedded one's folder. */
export function railsFolder(env: NodeJS.ProcessEnv): string {
  const data = defaultDataFolder(env)
  return (env.DATABASE_URL ?? '') === '' ? join(data, 'rails') : `${data}-rails`
}
