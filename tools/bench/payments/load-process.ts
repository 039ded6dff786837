/**
 * The load of the payments bench, a process of its own: so many connections, each of which posts the
 * next payment as soon as the last was answered. HTTP is written here by hand, since a client library
 * would cost as much CPU as the server that is measured.
 *
 * Argument: nothing. A message is a `LoadOrder`; the answer is a `LoadResult`.
 */
import { connect, type Socket } from 'node:net'
import { Dice, RandomPool } from '../random-pool.ts'
import { paymentBody } from './order.ts'
import { wallMs } from './processes.ts'

export interface LoadOrder {
  readonly port: number
  readonly seconds: number
  readonly connections: number
  /** Ids of the accounts that are paid into, drawn from evenly. */
  readonly destinations: readonly string[]
}

export interface LoadResult {
  /** The rail's reference of each payment answered, when its request was written, and the wait. */
  readonly references: readonly string[]
  readonly began: Float64Array
  readonly took: Float64Array
}

function requestOf(destination: string, key: string): string {
  const body = paymentBody(destination)
  return (
    `POST /v1/payments HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
    `idempotency-key: ${key}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}

/** Reads replies off one kept connection, one at a time. */
class Connection {
  private readonly socket: Socket
  private waiting = ''
  private answered: ((reply: string) => void) | undefined
  private failed: ((error: Error) => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8').setNoDelay(true)
    socket.on('data', (part: string) => this.read(part))
    socket.on('error', (error) => this.failed?.(error))
    socket.on('close', () => this.failed?.(new Error('the server closed a connection')))
  }

  ask(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.answered = resolve
      this.failed = reject
      this.socket.write(request)
    })
  }

  end(): void {
    this.failed = undefined
    this.socket.destroy()
  }

  private read(part: string): void {
    this.waiting += part
    const head = this.waiting.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = /\r\ncontent-length: (\d+)/i.exec(this.waiting.slice(0, head))
    if (length === null) {
      this.failed?.(new Error('a reply without a length'))
      return
    }
    // Replies may carry Chinese: bytes are counted, not characters.
    const body = this.waiting.slice(head + 4)
    if (Buffer.byteLength(body) < Number(length[1])) return
    const reply = this.waiting
    this.waiting = ''
    this.answered?.(reply)
  }
}

async function open(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1' })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return new Connection(socket)
}

async function run({ port, seconds, connections, destinations }: LoadOrder): Promise<LoadResult> {
  const pool = new RandomPool()
  const dice = new Dice(23)
  const opened = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const [references, began, took] = [[] as string[], [] as number[], [] as number[]]
  const until = wallMs() + seconds * 1000
  const caller = async (connection: Connection) => {
    while (wallMs() < until) {
      const request = requestOf(destinations[dice.below(destinations.length)]!, pool.hex())
      const from = wallMs()
      const reply = await connection.ask(request)
      const reference = /"reference":"([0-9A-Z]+)"/.exec(reply)
      if (!reply.startsWith('HTTP/1.1 201') || reference === null) {
        throw new Error(`a payment was not taken: ${reply.slice(0, 2000)}`)
      }
      references.push(reference[1]!)
      began.push(from)
      took.push(wallMs() - from)
    }
    connection.end()
  }
  await Promise.all(opened.map(caller))
  return { references, began: Float64Array.from(began), took: Float64Array.from(took) }
}

process.send!({ ready: true })
process.on('message', async (order: LoadOrder) => {
  process.send!(await run(order))
})
process.on('disconnect', () => process.exit())
