/**
 * HTTP to the outside. What matters is not the reply but the doubt: `not_sent` promises that no byte
 * of the request was written, so the caller may send it again; anything lost after the first byte is
 * `unknown`.
 *
 * Connections are kept for a moment and used again. The other side may close one while we write, and
 * then nobody can say whether the request was read: that is `unknown` like any other loss after the
 * first byte. It stays rare because a connection is kept for less time than servers keep theirs, and is
 * dropped as soon as the other side is heard closing it.
 *
 * `outsideNet` is the one for URLs that somebody else chose: it refuses what `outside-address.ts`
 * refuses, and connects to the very addresses it has judged.
 */
import { lookup } from 'node:dns/promises'
import * as http from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import {
  checkOutsideUrl,
  isOutsideRefusal,
  type OutsideRules,
  type Resolver,
  resolveOutside,
} from './outside-address.ts'
import type { Clock, Net, NetReply, NetRequest } from './world.ts'

export interface NetOptions {
  clock: Pick<Clock, 'mono'>
  /** A larger reply is cut off and counts as unknown. */
  replyBytesMax?: number
  /** A larger reply is cut off here and counts as whole; for those who read only its beginning. */
  replyBytesKept?: number
  /** How long an idle connection is kept; 0 keeps none. 1 s when absent: servers keep 5 s and more. */
  keepMs?: number
  /** Certificate authorities, client certificate and the like, for https. */
  tls?: ConnectionOptions
}

const REPLY_BYTES_MAX = 64 * 1024 * 1024
const KEEP_MS = 1_000

/** The real network. `call` never rejects: whatever goes wrong is a `not_sent` or an `unknown`. */
export function httpNet(options: NetOptions): Net {
  const idle = new IdleSockets(options.clock, options.keepMs ?? KEEP_MS)
  return {
    call: async (request) => {
      if (request.timeoutMs <= 0) return notSent('no time was left to send')
      const abort = AbortSignal.timeout(request.timeoutMs)
      const url = webAddress(request.url)
      if (url === undefined) return notSent('the address is not an http or https URL')
      return callOver(options, { request, url, abort, idle, hosts: [hostOf(url)] })
    },
  }
}

export interface OutsideNetOptions extends NetOptions {
  readonly rules?: OutsideRules
  /** Instead of the machine's own. */
  readonly resolve?: Resolver
}

/** The machine's resolver: all addresses of a name, in the order it gives them. */
export const systemResolver: Resolver = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

/**
 * The network for URLs that somebody else chose: only public hosts, each connection pinned to an
 * address that was judged for this very call. A refusal is a `not_sent` that begins with its code.
 * Redirects are replies like any other.
 */
export function outsideNet(options: OutsideNetOptions): Net {
  const idle = new IdleSockets(options.clock, options.keepMs ?? KEEP_MS)
  const { rules = {}, resolve = systemResolver } = options
  return {
    call: async (request) => {
      if (request.timeoutMs <= 0) return notSent('no time was left to send')
      const abort = AbortSignal.timeout(request.timeoutMs)
      const checked = checkOutsideUrl(request.url, rules)
      if (isOutsideRefusal(checked)) return notSent(`${checked.code}: ${checked.says}`)
      const hosts = await Promise.race([resolveOutside(checked, resolve), aborted(abort)])
      if (hosts === undefined) return notSent(`no address within ${request.timeoutMs} ms`)
      if (isOutsideRefusal(hosts)) return notSent(`${hosts.code}: ${hosts.says}`)
      return callOver(options, { request, url: checked.url, abort, idle, hosts })
    },
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

interface Calling {
  readonly request: NetRequest
  readonly url: URL
  readonly abort: AbortSignal
  readonly idle: IdleSockets
  /** Where to connect, the first that answers. */
  readonly hosts: readonly string[]
}

async function callOver(options: NetOptions, calling: Calling): Promise<NetReply> {
  const { request, url, abort, idle } = calling
  let opened: { readonly socket: Socket; readonly place: string }
  try {
    opened = await connectionTo(options, calling)
  } catch (error) {
    return notSent(abort.aborted ? `no connection within ${request.timeoutMs} ms` : why(error))
  }
  const { socket, place } = opened
  const late = 'the time to send had passed before the connection stood'
  const isLate =
    request.sendBeforeMono !== undefined && options.clock.mono() >= request.sendBeforeMono
  const { replyBytesMax: max, replyBytesKept: kept } = options
  const reply = isLate ? notSent(late) : await exchange({ request, url, socket, abort, max, kept })
  idle.keep(place, socket, reply)
  return reply
}

/** A connection to the first of the hosts that takes one; kept ones go by the address they lead to. */
async function connectionTo(options: NetOptions, { url, abort, idle, hosts }: Calling) {
  const failures: unknown[] = []
  for (const host of hosts) {
    const place = `${url.origin} ${host}`
    const kept = idle.take(place)
    if (kept !== undefined) return { socket: kept, place }
    try {
      return { socket: await openSocket(url, host, options.tls ?? {}, abort), place }
    } catch (error) {
      failures.push(error)
      if (abort.aborted) break
    }
  }
  throw failures.length === 1 ? failures[0] : new AggregateError(failures)
}

interface IdleSocket {
  readonly socket: Socket
  readonly until: number
  /** Ends it; called when anything comes unasked, the end above all. */
  readonly drop: () => void
}

const HEARD_WHILE_IDLE = ['data', 'close', 'error', 'timeout'] as const

/** Connections that stand and carry nothing, by the server they lead to. They keep no process alive. */
class IdleSockets {
  private readonly clock: Pick<Clock, 'mono'>
  private readonly keepMs: number
  private readonly byPlace = new Map<string, IdleSocket[]>()

  constructor(clock: Pick<Clock, 'mono'>, keepMs: number) {
    this.clock = clock
    this.keepMs = keepMs
  }

  /** The one used last, if it may still be used. */
  take(place: string): Socket | undefined {
    const idle = this.byPlace.get(place) ?? []
    for (let one = idle.pop(); one !== undefined; one = idle.pop()) {
      const { socket, until, drop } = one
      for (const event of HEARD_WHILE_IDLE) socket.off(event, drop)
      socket.setTimeout(0).ref()
      if (this.clock.mono() < until && isUsable(socket)) return socket
      socket.destroy()
    }
    this.byPlace.delete(place)
    return undefined
  }

  /** Keeps the connection of a whole reply; any other is ended. */
  keep(place: string, socket: Socket, reply: NetReply): void {
    const stays = reply.kind === 'replied' && !/close/i.test(reply.headers.connection ?? '')
    if (!stays || this.keepMs === 0 || !isUsable(socket)) {
      socket.destroy()
      return
    }
    const idle = this.byPlace.get(place) ?? []
    this.byPlace.set(place, idle)
    const drop = () => {
      const at = idle.findIndex((each) => each.socket === socket)
      if (at >= 0) idle.splice(at, 1)
      socket.destroy()
    }
    idle.push({ socket, until: this.clock.mono() + this.keepMs, drop })
    for (const event of HEARD_WHILE_IDLE) socket.on(event, drop)
    socket.setTimeout(this.keepMs).unref()
  }
}

const isUsable = (socket: Socket) => !socket.destroyed && socket.writable && !socket.readableEnded

const notSent = (why: string): NetReply => ({ kind: 'not_sent', why })
const unknown = (why: string): NetReply => ({ kind: 'unknown', why })

function webAddress(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
}

const hostOf = (url: URL) => url.hostname.replace(/^\[(.+)\]$/, '$1')

/**
 * A connection that stands, with its TLS handshake done: nothing of the request is on it yet. `host`
 * is where it leads; the certificate has to be of the URL's own name.
 */
function openSocket(
  url: URL,
  host: string,
  tls: ConnectionOptions,
  abort: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const name = hostOf(url)
    const secure = url.protocol === 'https:'
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
    const isName = /[a-z]/i.test(name) && !name.includes(':')
    const socket = secure
      ? connectTls({ host, port, ...(isName && { servername: name }), ...tls })
      : connectTcp({ host, port })
    const giveUp = () => socket.destroy(new Error('connecting took too long'))
    abort.addEventListener('abort', giveUp, { once: true })
    const failed = (error: Error) => {
      abort.removeEventListener('abort', giveUp)
      socket.destroy()
      reject(error)
    }
    socket.once('error', failed)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      abort.removeEventListener('abort', giveUp)
      socket.off('error', failed)
      resolve(socket)
    })
  })
}

interface Exchange {
  request: NetRequest
  url: URL
  socket: Socket
  abort: AbortSignal
  max: number | undefined
  kept: number | undefined
}

/** Writes the request and reads the whole reply. From here on, failing is `unknown`. */
function exchange({ request, url, socket, abort, max, kept }: Exchange): Promise<NetReply> {
  return new Promise((resolve) => {
    const timeout = () => resolve(unknown(`no whole reply within ${request.timeoutMs} ms`))
    if (abort.aborted) return resolve(notSent(`no connection within ${request.timeoutMs} ms`))
    abort.addEventListener('abort', timeout, { once: true })
    let sent: http.ClientRequest
    try {
      sent = http.request(url, {
        protocol: 'http:',
        method: request.method,
        headers: { connection: 'keep-alive', ...lengthOf(request.body), ...request.headers },
        createConnection: () => socket,
      })
    } catch (error) {
      // A header that HTTP does not allow: refused before anything was written.
      return resolve(notSent(why(error)))
    }
    sent.on('error', (error) => resolve(unknown(why(error))))
    sent.on('response', (response) => {
      readBody(response, { max: max ?? REPLY_BYTES_MAX, kept }).then(
        (body) => {
          const headers = flatten(response.headers)
          resolve({ kind: 'replied', status: response.statusCode ?? 0, headers, body })
        },
        (error: unknown) => resolve(unknown(why(error))),
      )
    })
    sent.end(request.body)
  })
}

function lengthOf(body: Uint8Array | string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` }
}

async function readBody(
  response: http.IncomingMessage,
  { max, kept = Number.POSITIVE_INFINITY }: { max: number; kept: number | undefined },
): Promise<Uint8Array> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length
    if (size > kept) return Buffer.concat([...parts, part]).subarray(0, kept)
    if (size > max) throw new Error(`the reply is longer than ${max} bytes`)
    parts.push(part)
  }
  if (!response.complete) throw new Error('the connection was cut in the middle of the reply')
  return Buffer.concat(parts)
}

function flatten(headers: http.IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

function why(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(why).join('; ')
  }
  return error instanceof Error ? error.message || String(error) : String(error)
}
