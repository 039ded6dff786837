/**
 * Where the commands of a developer find the server, and as whom they call: through the client that
 * everybody uses, so that what works here works in a program.
 *
 * The easy mistake: printing a key. What is said of one is where it came from.
 */
import { createPrivateKey } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ApiKey, createTenon, problemOf, type Tenon, TenonProblem } from '../../sdk/index.ts'
import { railsFolder, readSandbox } from '../start/sandbox-file.ts'

/** It cannot be done; the message says why and what to do. */
export class DevProblem extends Error {
  override name = 'DevProblem'
}

export interface DevServer {
  readonly url: string
  readonly tenon: Tenon
  /** `none`: the server believes its own machine, or refuses. */
  readonly key: 'none' | 'secret' | 'signing'
  /** Where the key came from, for people. */
  readonly keyFrom: string
  /** The body of a good answer; throws the problem of another, as `TenonProblem`. */
  get<T>(path: string, init?: RequestInit): Promise<T>
  /** `body`: what is sent as JSON; nothing when absent. Each call is a new request. */
  post<T>(path: string, body?: unknown): Promise<T>
}

/** A key as it lies in a file: its secret, or what it signs with. The file is its owner's alone. */
export type KeyFile =
  | { readonly secret: string }
  | {
      readonly id: string
      readonly alg: 'ed25519' | 'rsa-pss-sha512'
      /** PEM. */
      readonly private_key: string
    }

export interface DevOptions {
  readonly env: NodeJS.ProcessEnv
  /** Named on the command line. */
  readonly url?: string | undefined
  /** How often a request is sent again. */
  readonly retries?: number
}

const USUAL_URL = 'http://127.0.0.1:4000'
const SANDBOX_KEY = 'developer-key.json'

/** Finds server and key; sends nothing. */
export async function openDevServer({ env, url, retries = 2 }: DevOptions): Promise<DevServer> {
  const baseUrl = url ?? (env.TENON_URL || (await readSandbox(env))?.api) ?? USUAL_URL
  if (!URL.canParse(baseUrl)) throw new DevProblem(`"${baseUrl}" is no address, as http://… is.`)
  const { key, from } = await findKey(env)
  const tenon = createTenon({ baseUrl, retries, ...(key !== undefined && { key }) })
  const read = async <T>(path: string, init: RequestInit): Promise<T> => {
    const reply = await tenon.fetch(path, init).catch((error: unknown) => {
      throw unanswered(baseUrl, error)
    })
    if (!reply.ok) throw await problemOf(reply)
    return (await reply.json()) as T
  }
  return {
    url: baseUrl,
    tenon,
    key: key === undefined ? 'none' : 'secret' in key ? 'secret' : 'signing',
    keyFrom: from,
    get: (path, init = {}) => read(path, init),
    post: (path, body) =>
      read(path, {
        method: 'POST',
        headers: {
          'idempotency-key': crypto.randomUUID(),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
  }
}

/** What a request that got no answer is worth: a sentence, or the error when it is one of ours. */
function unanswered(url: string, error: unknown): unknown {
  const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } }
  if (name === 'AbortError' || name === 'TimeoutError' || cause === undefined) return error
  const why = cause.code ?? cause.message ?? 'no reason given'
  return new DevProblem(
    `Nothing answers at ${url} (${why}). Start the sandbox with "npm start", or name the server ` +
      'with --url or TENON_URL.',
  )
}

/** Whether there was no answer at all, rather than one that refuses. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof DevProblem) return true
  return error instanceof TenonProblem && (error.status >= 500 || error.status === 429)
}

async function findKey(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly key: ApiKey | undefined; readonly from: string }> {
  const { TENON_KEY: secret = '', TENON_KEY_FILE: file = '' } = env
  if (secret !== '' && file !== '') {
    throw new DevProblem('Both TENON_KEY and TENON_KEY_FILE are set; unset one of them.')
  }
  if (secret !== '') {
    const shape = /^tk_(?:test|live)_/
    if (shape.test(secret)) return { key: { secret }, from: 'TENON_KEY' }
    throw new DevProblem('TENON_KEY is no secret of a key: those begin with tk_test_ or tk_live_.')
  }
  if (file !== '') return { key: await readKey(file), from: `the file ${file}` }
  const sandbox = join(railsFolder(env), SANDBOX_KEY)
  const key = await readKey(sandbox).catch((error: unknown) => {
    if ((error as { missing?: true }).missing === true) return undefined
    throw error
  })
  return { key, from: key === undefined ? 'none is set' : 'the sandbox' }
}

async function readKey(path: string): Promise<ApiKey> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const problem = new DevProblem(`The key file ${path} cannot be read (${error.code}).`)
    throw Object.assign(problem, error.code === 'ENOENT' && { missing: true })
  })
  // What is wrong with it is said without its words: they are a key.
  const unread = new DevProblem(
    `${path} holds no key; write {"secret"} or {"id","alg","private_key"}, as "tenon keys create" does.`,
  )
  let file: Partial<Record<string, unknown>>
  try {
    file = JSON.parse(text) as typeof file
  } catch {
    throw unread
  }
  const { secret, id, alg, private_key: pem } = file
  if (typeof secret === 'string') return { secret }
  if (typeof id !== 'string' || typeof pem !== 'string') throw unread
  if (alg !== 'ed25519' && alg !== 'rsa-pss-sha512') throw unread
  try {
    return { id, alg, privateKey: createPrivateKey(pem) }
  } catch {
    throw unread
  }
}

/** Writes a key for its owner alone; what stood there is replaced at once or not at all. */
export async function writeKeyFile(path: string, key: KeyFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}`
  await writeFile(draft, `${JSON.stringify(key, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  await rename(draft, path)
}

/** Where `npm start` leaves the key that the commands of a developer call with. */
export function sandboxKeyFile(env: NodeJS.ProcessEnv): string {
  return join(railsFolder(env), SANDBOX_KEY)
}
