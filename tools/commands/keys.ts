/**
 * `tenon keys`: API keys. A private key is made here and stays here; the server gets its public half.
 *
 * The easy mistake: a key that exists and whose file could not be written. The place is taken first.
 */
import { generateKeyPairSync } from 'node:crypto'
import { access } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Terminal, UsageProblem } from '../command.ts'
import {
  DevProblem,
  type DevServer,
  type KeyFile,
  openDevServer,
  writeKeyFile,
} from '../dev/server.ts'

const OPTIONS = {
  name: { type: 'string' },
  role: { type: 'string' },
  merchant: { type: 'string' },
  sign: { type: 'string' },
  'requires-signature': { type: 'boolean', default: false },
  'grace-hours': { type: 'string' },
  out: { type: 'string' },
  url: { type: 'string' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

/** A key as the server shows it. */
interface KeyJson {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly role: string
  readonly merchant: string | null
  readonly secret_begins: string | null
  readonly algorithm: string | null
  readonly expires_at: string
}

interface Made {
  readonly key: KeyJson
  readonly secret: string | null
}

type SigningAlgorithm = 'ed25519' | 'rsa-pss-sha512'

const RSA_BITS = 3072
const VERBS = 'Write: tenon keys list, create, rotate <key_…> or revoke <key_…>.'

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  })
  const [verb = '', id, ...more] = positionals
  if (more.length > 0) throw new UsageProblem(VERBS)
  const server = await openDevServer({ env: terminal.env, url: values.url })
  if (verb === 'list' && id === undefined) return list(server, terminal)
  if (verb === 'create' && id === undefined) return create(server, values, terminal)
  if (verb === 'rotate' && id !== undefined) return rotate(server, id, values, terminal)
  if (verb === 'revoke' && id !== undefined) return revoke(server, id, terminal)
  throw new UsageProblem(VERBS)
}

async function list(server: DevServer, { say }: Terminal): Promise<number> {
  const { data } = await server.get<{ data: KeyJson[] }>('/v1/keys')
  for (const key of data) {
    const ways = [key.secret_begins && `${key.secret_begins}…`, key.algorithm].filter(Boolean)
    say(`${key.id}  ${key.state.padEnd(8)} ${key.role.padEnd(9)} ${key.name} (${ways.join(', ')})`)
  }
  if (data.length === 0) say('There is no key yet.')
  return 0
}

async function create(server: DevServer, values: Values, terminal: Terminal): Promise<number> {
  const { name, role, merchant, out } = values
  if (name === undefined || role === undefined) {
    throw new UsageProblem('Name the key and its role: --name billing --role operator.')
  }
  const alg = values.sign === undefined ? undefined : algorithmOf(values.sign)
  if (values['requires-signature'] && alg === undefined) {
    throw new UsageProblem('A key that asks for signatures signs; name how: --sign ed25519.')
  }
  await checkPlace(out, alg)
  const pair = alg && newPair(alg)
  const made = await server.post<Made>('/v1/keys', {
    ...{ name, role, secret: alg === undefined },
    ...(merchant !== undefined && { merchant }),
    ...(pair !== undefined && { algorithm: alg, public_key: pair.publicPem }),
    ...(values['requires-signature'] && { requires_signature: true }),
  })
  return keep(made, pair, out, terminal)
}

async function rotate(
  server: DevServer,
  id: string,
  values: Values,
  terminal: Terminal,
): Promise<number> {
  const { 'grace-hours': grace, out } = values
  if (grace !== undefined && !/^\d{1,3}$/.test(grace)) {
    throw new UsageProblem(`--grace-hours takes whole hours, not "${grace}".`)
  }
  const { data } = await server.get<{ data: KeyJson[] }>('/v1/keys')
  const algorithm = data.find((key) => key.id === id)?.algorithm ?? undefined
  const alg = algorithm === undefined ? undefined : algorithmOf(algorithm)
  await checkPlace(out, alg)
  const pair = alg && newPair(alg)
  const made = await server.post<Made>(`/v1/keys/${encodeURIComponent(id)}/rotate`, {
    ...(pair !== undefined && { public_key: pair.publicPem }),
    ...(grace !== undefined && { grace_seconds: Number(grace) * 3600 }),
  })
  return keep(made, pair, out, terminal)
}

async function revoke(server: DevServer, id: string, { say }: Terminal): Promise<number> {
  const key = await server.post<KeyJson>(`/v1/keys/${encodeURIComponent(id)}/revoke`)
  say(`${key.id} (${key.name}) opens nothing any more.`)
  return 0
}

function algorithmOf(text: string): SigningAlgorithm {
  if (text === 'ed25519' || text === 'rsa-pss-sha512') return text
  if (text === 'sm2-sm3') {
    throw new UsageProblem(
      'Make a key of SM2 where it is kept, and send its public half to POST /v1/keys.',
    )
  }
  throw new UsageProblem(`--sign takes ed25519 or rsa-pss-sha512, not "${text}".`)
}

interface Pair {
  readonly alg: SigningAlgorithm
  /** PEM. */
  readonly publicPem: string
  readonly privatePem: string
}

function newPair(alg: SigningAlgorithm): Pair {
  const { publicKey, privateKey } =
    alg === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('rsa', { modulusLength: RSA_BITS })
  return {
    alg,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

async function checkPlace(out: string | undefined, alg: string | undefined): Promise<void> {
  if (out === undefined) {
    if (alg === undefined) return
    throw new UsageProblem('Name the file that keeps the private key: --out key.json.')
  }
  const isThere = await access(out).then(
    () => true,
    () => false,
  )
  if (isThere) throw new DevProblem(`There is a file ${out} already; name another one.`)
}

async function keep(
  { key, secret }: Made,
  pair: Pair | undefined,
  out: string | undefined,
  { say }: Terminal,
): Promise<number> {
  say(`${key.id} (${key.name}) is live until ${key.expires_at}.`)
  const file: KeyFile | undefined =
    pair !== undefined
      ? { id: key.id, alg: pair.alg, private_key: pair.privatePem }
      : secret !== null
        ? { secret }
        : undefined
  if (file === undefined) throw new DevProblem('The server gave the key no secret.')
  if (out !== undefined) {
    await writeKeyFile(out, file)
    say(`It is kept in ${out}; set TENON_KEY_FILE to work with it.`)
    return 0
  }
  say('Its secret is shown this once; set TENON_KEY to work with it:')
  say(secret ?? '')
  return 0
}
