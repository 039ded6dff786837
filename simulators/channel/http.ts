/**
 * The HTTP shell of a rail on node:http: reads a request whole, asks the rail, writes the book and
 * answers, cuts the connection or answers late. `/admin` is for callers on this machine only.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RailRequest {
  readonly method: string
  /** Path with its query, as received. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface RailReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** Cuts the connection instead of answering. */
  readonly cut?: boolean
  /** Answers so many milliseconds late. */
  readonly lateMs?: number
}

export const CUT: RailReply = { status: 0, body: '', cut: true }

export type Handle = (request: RailRequest) => RailReply | Promise<RailReply>

const BODY_BYTES_MAX = 1_048_576

export interface Shell {
  readonly port: number
  /** Refuses every connection until `open`. */
  shut(): void
  open(): Promise<void>
  close(): Promise<void>
}

export interface ShellOptions {
  readonly port: number
  readonly handle: Handle
  readonly admin: Handle
  /** Called before anybody is answered. */
  readonly flush: () => void
  readonly onError: (error: Error) => void
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)))

export async function openShell(options: ShellOptions): Promise<Shell> {
  const { handle, admin, flush, onError } = options
  const write = (response: ServerResponse, reply: RailReply) => {
    flush()
    if (reply.cut) {
      response.socket?.destroy()
      return
    }
    if (response.destroyed) return
    const length = Buffer.byteLength(reply.body)
    response.writeHead(reply.status, { ...reply.headers, 'content-length': length })
    response.end(reply.body)
  }
  const late = new Set<NodeJS.Timeout>()
  const answer = (response: ServerResponse, reply: RailReply) => {
    if (reply.lateMs === undefined || reply.cut) return write(response, reply)
    flush()
    const timer = setTimeout(() => {
      late.delete(timer)
      write(response, reply)
    }, reply.lateMs)
    late.add(timer)
  }
  const fail = (response: ServerResponse, error: unknown) => {
    onError(asError(error))
    write(response, { status: 500, body: '' })
  }
  const act = (request: IncomingMessage, response: ServerResponse, body: Buffer) => {
    const path = request.url ?? '/'
    const whole: RailRequest = {
      method: request.method ?? '',
      path,
      headers: request.headers,
      body,
    }
    const isAdmin = path === '/admin' || path.startsWith('/admin/')
    const local = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(request.socket.remoteAddress ?? '')
    if (isAdmin && !local) return write(response, { status: 403, body: '' })
    try {
      const reply = (isAdmin ? admin : handle)(whole)
      if (!(reply instanceof Promise)) return answer(response, reply)
      reply.then(
        (done) => answer(response, done),
        (error: unknown) => fail(response, error),
      )
    } catch (error) {
      fail(response, error)
    }
  }
  const server: Server = createServer((request, response) => {
    // Kept alive from before the rail went down.
    if (!server.listening) return void request.socket.destroy()
    const parts: Buffer[] = []
    let size = 0
    request.on('data', (part: Buffer) => {
      size += part.length
      if (size > BODY_BYTES_MAX) request.destroy()
      else parts.push(part)
    })
    request.on('end', () =>
      act(request, response, parts.length === 1 ? parts[0]! : Buffer.concat(parts)),
    )
    request.on('error', () => response.destroy())
  })
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject)
        resolve()
      })
    })
  await listen(options.port)
  const { port } = server.address() as AddressInfo
  let closed = false
  return {
    port,
    shut() {
      if (server.listening) server.close()
    },
    async open() {
      if (!closed && !server.listening) await listen(port)
    },
    async close() {
      closed = true
      for (const timer of late) clearTimeout(timer)
      const gone = server.listening
        ? new Promise<void>((resolve) => void server.close(() => resolve()))
        : undefined
      server.closeAllConnections()
      await gone
    },
  }
}
