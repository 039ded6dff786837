import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedClock } from './clock.ts'
import { httpNet } from './net.ts'
import type { NetRequest } from './world.ts'

let server: Server
let base: string
let asked: string[] = []
const clock = simulatedClock(0)
const net = httpNet({ clock, replyBytesMax: 1_000 })
const call = (path: string, more: Partial<NetRequest> = {}) =>
  net.call({ method: 'GET', url: base + path, timeoutMs: 2_000, ...more })

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  asked.push(`${request.method} ${request.url}`)
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = Buffer.concat(parts)
  switch (request.url) {
    case '/echo':
      response.setHeader('x-length', request.headers['content-length'] ?? 'none')
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      return void response.end(`${request.method} ${request.headers['x-sign'] ?? ''} ${body}`)
    case '/refused':
      return void response.writeHead(503).end('busy')
    case '/moved':
      return void response.writeHead(302, { location: '/echo' }).end()
    case '/long':
      return void response.end(Buffer.alloc(1_001))
    case '/just':
      return void response.end(Buffer.alloc(1_000))
    case '/cut':
      response.writeHead(200, { 'content-length': '100' })
      response.write('half')
      return void setTimeout(() => response.destroy(), 10)
    case '/cut-chunked':
      response.write('half')
      return void setTimeout(() => response.destroy(), 10)
    case '/hang-up':
      return void request.socket.destroy()
    default: // '/silent' and '/trickle' never end.
      if (request.url === '/trickle') response.write('a')
  }
}

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe('replied', () => {
  it.each([
    ['text', 'héllo', 'POST s héllo', '6'],
    ['bytes', new Uint8Array([0x41, 0x42]), 'POST s AB', '2'],
    ['an empty body', '', 'POST s ', '0'],
  ])('carries %s and the headers there and back', async (_name, body, expected, length) => {
    const reply = await call('/echo', { method: 'POST', body, headers: { 'X-Sign': 's' } })
    expect(reply).toMatchObject({
      kind: 'replied',
      status: 200,
      headers: { 'x-length': length, 'set-cookie': 'a=1, b=2' },
    })
    expect(reply.kind === 'replied' && new TextDecoder().decode(reply.body)).toBe(expected)
  })

  it.each([
    ['/refused', 503],
    ['/moved', 302],
    ['/just', 200],
  ])('gives %s as it is, status %d', async (path, status) => {
    expect(await call(path)).toMatchObject({ kind: 'replied', status })
  })
})

describe('not sent', () => {
  it('when nobody listens', async () => {
    const closed = createTcpServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const reply = await call('', { url: `http://127.0.0.1:${port}/` })
    expect(reply).toMatchObject({ kind: 'not_sent', why: expect.stringContaining('ECONNREFUSED') })
  })

  it.each([
    ['an unknown host', { url: 'http://no-such-host.invalid/' }, /ENOTFOUND|EAI_AGAIN/],
    ['no URL', { url: 'not a url' }, /not an http or https URL/],
    ['another scheme', { url: 'ftp://127.0.0.1/' }, /not an http or https URL/],
    ['no time at all', { timeoutMs: 0 }, /no time was left/],
    ['a header HTTP does not allow', { headers: { 'x-sign': 'a\nb' } }, /Invalid character/],
  ])('with %s', async (_name, more, why) => {
    asked = []
    expect(await call('/echo', more)).toMatchObject({
      kind: 'not_sent',
      why: expect.stringMatching(why),
    })
    expect(asked).toEqual([])
  })

  it('when a TLS handshake meets a server that speaks none', async () => {
    const reply = await call('', { url: base.replace('http:', 'https:') })
    expect(reply.kind).toBe('not_sent')
  })

  it('when the time to send has passed on the monotonic clock, even by nothing', async () => {
    asked = []
    await clock.advance(1_000)
    expect(await call('/echo', { sendBeforeMono: 1_000 })).toMatchObject({
      kind: 'not_sent',
      why: expect.stringContaining('time to send had passed'),
    })
    expect(asked).toEqual([])
    expect(await call('/echo', { sendBeforeMono: 1_001 })).toMatchObject({ kind: 'replied' })
  })

  it('when the time to send passes while the connection is made', async () => {
    const received: string[] = []
    // The clock jumps past the limit at the moment the other side accepts.
    const slow = createTcpServer((socket: Socket) =>
      socket.on('data', (data) => received.push(`${data}`)),
    )
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    let reads = 0
    const jumping = httpNet({ clock: { mono: () => (reads++ === 0 ? 5_000 : 0) } })
    const reply = await jumping.call({
      method: 'POST',
      url: `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`,
      timeoutMs: 1_000,
      sendBeforeMono: 4_999,
      body: 'pay',
    })
    expect(reply.kind).toBe('not_sent')
    await new Promise((resolve) => slow.close(resolve))
    expect(received).toEqual([])
  })
})

describe('a connection', () => {
  async function served(keepMs: number, after: (socket: Socket) => void = () => undefined) {
    const sockets = new Set<Socket>()
    const server = createServer((request, response) => {
      sockets.add(request.socket)
      request.resume().on('end', () => {
        response.end('ok')
        after(request.socket)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const net = httpNet({ clock: { mono: () => performance.now() }, keepMs })
    const ask = () => net.call({ method: 'POST', url, body: 'pay', timeoutMs: 2_000 })
    const close = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    return { sockets, ask, close }
  }

  it.each([
    [5_000, 1],
    [0, 4],
  ])('kept for %i ms carries four calls over %i', async (keepMs, connections) => {
    const { sockets, ask, close } = await served(keepMs)
    for (let i = 0; i < 4; i += 1) expect(await ask()).toMatchObject({ kind: 'replied' })
    expect(sockets.size).toBe(connections)
    for (const socket of sockets) expect(socket.listenerCount('error')).toBeLessThan(5)
    await close()
  })

  it('that the other side has closed meanwhile is not used again', async () => {
    const { sockets, ask, close } = await served(5_000, (socket) => socket.end())
    for (let i = 1; i <= 3; i += 1) {
      expect(await ask()).toMatchObject({ kind: 'replied' })
      const [last] = [...sockets].slice(-1)
      if (last?.destroyed === false) await new Promise((resolve) => last.once('close', resolve))
      expect(sockets.size).toBe(i)
    }
    await close()
  })

  it('is used by one call at a time', async () => {
    const { sockets, ask, close } = await served(5_000)
    const replies = await Promise.all(Array.from({ length: 8 }, ask))
    expect(replies.every(({ kind }) => kind === 'replied')).toBe(true)
    expect(sockets.size).toBe(8)
    await close()
  })
})

describe('unknown', () => {
  it.each([
    ['/silent', 50, /no whole reply within 50 ms/],
    ['/trickle', 50, /no whole reply within 50 ms/],
    ['/hang-up', 2_000, /socket hang up|ECONNRESET/],
    ['/cut', 2_000, /aborted|cut|hang up/],
    ['/cut-chunked', 2_000, /aborted|cut|hang up/],
    ['/long', 2_000, /longer than 1000 bytes/],
  ])('%s', async (path, timeoutMs, why) => {
    asked = []
    const reply = await call(path, { timeoutMs })
    expect(reply).toMatchObject({ kind: 'unknown', why: expect.stringMatching(why) })
    expect(asked).toEqual([`GET ${path}`])
  })

  it('when the other side does not speak HTTP', async () => {
    const noise = createTcpServer((socket) => socket.resume().end('what?\r\n\r\n'))
    await new Promise<void>((resolve) => noise.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(noise.address() as AddressInfo).port}/`
    expect((await call('', { url })).kind).toBe('unknown')
    await new Promise((resolve) => noise.close(resolve))
  })
})
