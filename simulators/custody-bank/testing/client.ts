/**
 * A client of the bank for its tests, written from the README alone: it signs and checks by itself
 * and shares no code with the bank, so a mistake in one shows against the other.
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { wallNow } from '../../channel/clock.ts'

export type Json = Record<string, unknown>

export interface PlatformKeys {
  privateKey: KeyObject
  publicKeyPem: string
  serial: string
}

function serialOf(key: KeyObject): string {
  const info = key.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(info).digest('hex').substring(0, 16)
}

export function newKeys(): PlatformKeys {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privateKey: pair.privateKey,
    publicKeyPem: String(pair.publicKey.export({ type: 'spki', format: 'pem' })),
    serial: serialOf(pair.publicKey),
  }
}

function linesAnd(body: Buffer, ...lines: string[]): Buffer {
  return Buffer.concat([Buffer.from(`${lines.join('\n')}\n`, 'utf8'), body])
}

export interface SignedRequest {
  method: 'POST' | 'GET'
  path: string
  body: Buffer
  headers: Record<string, string>
}

export function signRequest(
  keys: PlatformKeys,
  method: 'POST' | 'GET',
  path: string,
  body: Buffer,
  changes: { timestamp?: string; nonce?: string; clientId?: string } = {},
): SignedRequest {
  const timestamp = changes.timestamp ?? String(wallNow())
  const nonce = changes.nonce ?? randomBytes(12).toString('hex')
  const clientId = changes.clientId ?? 'platform'
  const bytes = linesAnd(body, method, path, timestamp, nonce, clientId, keys.serial)
  const headers = {
    'content-type': 'application/json',
    'x-timestamp': timestamp,
    'x-nonce': nonce,
    'x-client-id': clientId,
    'x-key-serial': keys.serial,
    'x-signature': sign('RSA-SHA256', bytes, keys.privateKey).toString('base64'),
  }
  return { method, path, body, headers }
}

export interface RawReply {
  status: number
  bytes: Buffer
  json(): Json
}

export interface Client {
  /** Fields of the last request's common part can be overridden, `CnsmrSeqNo` above all. */
  call(code: string, service: string, fields: Json): Promise<Json>
  raw(request: SignedRequest, options?: { timeoutMs?: number }): Promise<RawReply>
  prepare(code: string, service: string, fields: Json): SignedRequest
  file(path: string, drawCode: string): Promise<Buffer>
  nextSeq(): string
}

export function createClient(url: string, bankPublicKeyPem: string, keys: PlatformKeys): Client {
  const bankKey = createPublicKey(bankPublicKeyPem)
  let count = 0
  const prefix = randomBytes(4).toString('hex')
  const nextSeq = () => {
    count += 1
    return `TEST${prefix}${String(count).padStart(10, '0')}`
  }
  const raw: Client['raw'] = async (request, { timeoutMs = 10_000 } = {}) => {
    const reply = await fetch(url + request.path, {
      method: request.method,
      headers: request.headers,
      ...(request.method === 'POST' ? { body: new Uint8Array(request.body) } : {}),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const bytes = Buffer.from(await reply.arrayBuffer())
    const header = (name: string) => reply.headers.get(name) ?? ''
    const signed = linesAnd(
      bytes,
      String(reply.status),
      request.headers['x-nonce'] || '-',
      header('x-timestamp'),
      header('x-nonce'),
      header('x-key-serial'),
    )
    const right = verify(
      'RSA-SHA256',
      signed,
      bankKey,
      Buffer.from(header('x-signature'), 'base64'),
    )
    if (!right || header('x-key-serial') !== serialOf(bankKey)) throw new Error('reply not signed')
    return { status: reply.status, bytes, json: () => JSON.parse(bytes.toString('utf8')) as Json }
  }
  const prepare: Client['prepare'] = (code, service, fields) => {
    const body = {
      TxnCode: `KFEJZB${code}`,
      TxnTime: '20260302090000000',
      CnsmrSeqNo: nextSeq(),
      MrchCode: '5236',
      ...fields,
    }
    return signRequest(keys, 'POST', `/group/${service}`, Buffer.from(JSON.stringify(body)))
  }
  return {
    nextSeq,
    raw,
    prepare,
    call: async (code, service, fields) => (await raw(prepare(code, service, fields))).json(),
    async file(path, drawCode) {
      const request = signRequest(keys, 'GET', `${path}?DrawCode=${drawCode}`, Buffer.alloc(0))
      const reply = await raw(request)
      if (reply.status !== 200) throw new Error(`file: ${reply.bytes.toString('utf8')}`)
      return reply.bytes
    },
  }
}

export interface NoticeServer {
  url: string
  /** Notices whose signature was right, in the order they came. */
  seen: Record<string, string>[]
  badSignatures: number
  /** Answers this status for the next so many notices. */
  fail(times: number, status?: number): void
  close(): Promise<void>
}

/** The platform's callback URL. `bankKey` is asked for when a notice comes: the bank starts later. */
export async function startNoticeServer(bankKeyPem: () => string): Promise<NoticeServer> {
  const seen: Record<string, string>[] = []
  let failing = { times: 0, status: 503 }
  const state = { badSignatures: 0 }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts)
      const header = (name: string) => String(request.headers[name] ?? '')
      const names = ['x-timestamp', 'x-nonce', 'x-client-id', 'x-key-serial']
      const bytes = linesAnd(body, 'POST', request.url ?? '', ...names.map(header))
      const key = createPublicKey(bankKeyPem())
      const signature = Buffer.from(header('x-signature'), 'base64')
      const fine =
        header('x-client-id') === 'custody-bank' && verify('RSA-SHA256', bytes, key, signature)
      if (!fine) state.badSignatures += 1
      else seen.push(JSON.parse(body.toString('utf8')) as Record<string, string>)
      const status = failing.times > 0 ? failing.status : 200
      failing = { ...failing, times: failing.times - 1 }
      response.writeHead(status).end('{}')
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks/bank`,
    seen,
    get badSignatures() {
      return state.badSignatures
    },
    fail(times, status = 503) {
      failing = { times, status }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
