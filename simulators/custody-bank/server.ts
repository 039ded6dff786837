/**
 * The bank's HTTP face: `/group/<ServiceId>` and `/files/<name>` for the platform, signed both ways,
 * and `/admin` (admin.ts). Faults that lose or spoil a reply act here, around the teller.
 */
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Bank } from './book.ts'
import { type CodeName, Refused } from './codes.ts'
import type { ArmedFault } from './faults.ts'
import { type Body, checkRequest, type OperationNumber, operationOf, text } from './fields.ts'
import { statementFile } from './operations/statement.ts'
import { type IncomingRequest, type KeyPair, signReply } from './signature.ts'
import { answer, type Operations, type Reply, refusalReply } from './teller.ts'

export interface Face {
  bank: Bank
  keys: KeyPair
  operations: Operations
  fileSecret: string
  verify(request: IncomingRequest): CodeName | undefined
  /** Wall time, for signatures. */
  wall(): number
  /** Called after whatever may have queued due work. */
  kick(): void
  onError(error: Error): void
}

const HANG_MS = 60_000
const LATE_MS = 3000

function send(
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  body: Buffer,
  type: string,
) {
  const nonce = request.headers['x-nonce']
  const requestNonce = typeof nonce === 'string' && nonce !== '' ? nonce : '-'
  const signed = signReply(face.keys, face.wall(), { status, requestNonce, body })
  return reply
    .code(status)
    .headers({ ...signed, 'content-type': type })
    .send(body)
}

function sendJson(
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  body: Reply,
) {
  const bytes = Buffer.from(JSON.stringify(body))
  return send(face, request, reply, status, bytes, 'application/json; charset=utf-8')
}

function incoming(request: FastifyRequest): IncomingRequest {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  return { method: request.method, path: request.raw.url ?? '', headers: request.headers, body }
}

function parseBody(bytes: Uint8Array): Body {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body
  } catch {}
  throw new Refused('bad_field', '报文应为JSON对象')
}

/** The operation a request asks for, its fields checked. */
function checked(bank: Bank, serviceId: string, body: Body): OperationNumber {
  const number = operationOf(serviceId)
  if (number === undefined) throw new Refused('unknown_operation', serviceId)
  checkRequest(number, body)
  if (text(body, 'TxnCode').replace(/^KFEJZB/, '') !== number)
    throw new Refused('unknown_operation', text(body, 'TxnCode'))
  const pool = text(body, 'FundSummaryAcctNo')
  if (text(body, 'MrchCode') !== bank.mrchCode || (pool !== '' && pool !== bank.poolNo))
    throw new Refused('wrong_merchant')
  return number
}

/** Acts on a request, or on what a fault leaves of it. `undefined` is a reply that never comes. */
async function act(face: Face, number: OperationNumber, body: Body, fault: ArmedFault | undefined) {
  const { bank, operations } = face
  const name = fault?.fault
  if (name === 'timeout-before') return undefined
  const skipped =
    (name === 'server-error' && fault?.when === 'before') ||
    (name === 'unknown-code' && fault?.acted === false)
  const operation =
    name === 'refusal' ? () => Promise.reject(new Refused('bank_refuses')) : operations[number]
  const seq = text(body, 'CnsmrSeqNo')
  const done = skipped ? { CnsmrSeqNo: seq } : await answer(bank, number, body, operation)
  face.kick()
  if (name === 'timeout-after') return undefined
  if (name === 'late-reply') await new Promise((wake) => setTimeout(wake, fault?.ms ?? LATE_MS))
  if (name === 'server-error') return { status: 500, reply: {} }
  if (name === 'unknown-code')
    return {
      status: 200,
      reply: { TxnReturnCode: 'ERR777', TxnReturnMsg: '系统未知错误', CnsmrSeqNo: seq },
    }
  return { status: 200, reply: done }
}

export function createServer(face: Face): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true, bodyLimit: 1_000_000 })
  const hanging = new Set<Socket>()
  const hang = (request: FastifyRequest, reply: FastifyReply, ms: number) => {
    reply.hijack()
    const { socket } = request.raw
    hanging.add(socket)
    setTimeout(() => socket.destroy(), ms).unref()
    socket.once('close', () => hanging.delete(socket))
    return reply
  }
  server.addHook('preClose', async () => {
    for (const socket of hanging) socket.destroy()
  })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  server.setErrorHandler((error: Error, request, reply) => {
    face.onError(error)
    return sendJson(face, request, reply, 500, {})
  })

  server.post<{ Params: { serviceId: string } }>('/group/:serviceId', async (request, reply) => {
    const whole = incoming(request)
    const wrong = face.verify(whole)
    if (wrong !== undefined) return sendJson(face, request, reply, 401, refusalReply('', wrong, ''))
    let body: Body = {}
    try {
      body = parseBody(whole.body)
      const number = checked(face.bank, request.params.serviceId, body)
      const fault = face.bank.faults.take('request', number)
      const result = await act(face, number, body, fault)
      if (result === undefined) return hang(request, reply, fault?.ms ?? HANG_MS)
      return sendJson(face, request, reply, result.status, result.reply)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const refusal = refusalReply(text(body, 'CnsmrSeqNo'), error.code, error.detail)
      return sendJson(face, request, reply, 200, refusal)
    }
  })

  server.get<{ Params: { name: string }; Querystring: { DrawCode?: string } }>(
    '/files/:name',
    async (request, reply) => {
      const wrong = face.verify(incoming(request))
      if (wrong !== undefined)
        return sendJson(face, request, reply, 401, refusalReply('', wrong, ''))
      const asked = { name: request.params.name, drawCode: request.query.DrawCode ?? '' }
      try {
        const bytes = await statementFile(face.bank, face.fileSecret, asked)
        return send(face, request, reply, 200, bytes, 'text/plain; charset=gb18030')
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        return sendJson(face, request, reply, 404, refusalReply('', error.code, error.detail))
      }
    },
  )
  return server
}
