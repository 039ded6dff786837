/** A loopback address that takes what banks and rails tell, with the bytes as they came. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NoticeRequest } from '../../server/src/channels/index.ts'

export interface Received {
  readonly status: number
  readonly contentType?: string
  readonly body?: string
}

export interface Receiver {
  /** `http://127.0.0.1:…`, without a slash at the end. */
  readonly url: string
  close(): Promise<void>
}

/** Listens. What `take` throws is answered 503, so that it is told again. */
export async function openReceiver(
  take: (request: NoticeRequest) => Promise<Received>,
): Promise<Receiver> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : undefined,
        ]),
      )
      const { method = '', url: path = '' } = request
      take({ method, path, headers, body: Buffer.concat(parts) }).then(
        ({ status, contentType, body = '' }) =>
          response
            .writeHead(status, contentType === undefined ? {} : { 'content-type': contentType })
            .end(body),
        () => response.writeHead(503).end(),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
