/**
 * One life of the platform: it can be ended after any effect (a committed command, a reply of a rail),
 * and one of its senders can be stopped just before its socket and woken when another life has begun.
 *
 * The one thing to get wrong: what a dead platform still does. Whatever it asks of the database, the
 * ledger or the network from then on throws; what was under way commits or does not, as with a real
 * process.
 */
import type { Db, World } from '../../../server/src/base/index.ts'
import type { BookWriter, Ledger, ServerLedger } from '../../../server/src/ledger/index.ts'

export class Killed extends Error {
  override name = 'Killed'
}

type NetCall = World['net']['call']
type NetAnswer = Awaited<ReturnType<NetCall>>

export interface StoppedSender {
  /** Where the request was going. */
  readonly url: string
  /** Lets it go on; what came of its request. */
  wake(): Promise<NetAnswer>
}

export class Life {
  dead = false
  private left = Number.POSITIVE_INFINITY
  private stopNext = false
  private readonly stopWaiters: ((sender: StoppedSender) => void)[] = []

  /** Dies after so many more effects. */
  dieAfter(effects: number): void {
    this.left = effects
  }

  kill(): void {
    this.dead = true
  }

  /** Stops the next request that may move money before its socket is opened. */
  stopNextSender(): Promise<StoppedSender> {
    this.stopNext = true
    return new Promise((resolve) => this.stopWaiters.push(resolve))
  }

  /** Nobody is to be stopped any more. */
  stopNobody(): void {
    this.stopNext = false
  }

  private check(): void {
    if (this.dead) throw new Killed('the platform was killed')
  }

  private made<T>(answer: T): T {
    this.left -= 1
    if (this.left <= 0) this.dead = true
    this.check()
    return answer
  }

  world(world: World): World {
    const { db, net } = world
    const mortal: Db = {
      ...db,
      query: async (sql, params) => {
        this.check()
        return db.query(sql, params)
      },
      tx: async (work) => {
        this.check()
        return db.tx(work)
      },
      connect: async (options) => {
        this.check()
        return db.connect(options)
      },
    }
    const call: NetCall = async (request) => {
      this.check()
      if (this.stopNext && request.sendBeforeMono !== undefined) {
        return this.stopped(request.url, () => net.call(request))
      }
      return this.made(await net.call(request))
    }
    return { ...world, db: mortal, net: { call } }
  }

  /** The request is held until it is woken. By then this life is over: nobody hears the answer. */
  private async stopped(url: string, send: () => Promise<NetAnswer>): Promise<NetAnswer> {
    this.stopNext = false
    const answer = await new Promise<NetAnswer>((resolve, reject) => {
      const wake = async () => {
        const answer = await send()
        resolve(answer)
        return answer
      }
      const waiter = this.stopWaiters.shift()
      if (waiter === undefined) reject(new Error('nobody waits for a stopped sender'))
      else waiter({ url, wake })
    })
    this.check()
    return answer
  }

  ledger(ledger: ServerLedger): Pick<Ledger, 'writer' | 'book'> {
    const writer = (book: number): BookWriter => {
      const real = ledger.writer(book)
      const submit: BookWriter['submit'] = async (command) => {
        this.check()
        return this.made(await real.submit(command))
      }
      return new Proxy(real, {
        get: (target, name) => {
          const value: unknown = name === 'submit' ? submit : Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    }
    return { writer, book: (number) => ledger.book(number) }
  }
}
