/** The writer's two connections: opened when first needed, opened anew when lost. */
import type pg from 'pg'
import type { Db } from '#base'

export class WriterConnections {
  private readonly db: Db
  private readonly book: number
  private readonly clients: (pg.Client | undefined)[] = [undefined, undefined]
  private readonly lost = new WeakSet<pg.Client>()

  constructor(db: Db, book: number) {
    this.db = db
    this.book = book
  }

  /** An open connection, when there is one. */
  ready(slot: number): pg.Client | undefined {
    const client = this.clients[slot]
    return client !== undefined && !this.lost.has(client) ? client : undefined
  }

  async open(slot: number): Promise<pg.Client> {
    const client = await this.db.connect({
      applicationName: `tenon book ${this.book} writer`,
      pipeline: true,
      settings: {
        lock_timeout: '2s',
        statement_timeout: '5s',
        idle_in_transaction_session_timeout: '5s',
      },
    })
    client.on('error', () => this.lost.add(client))
    client.on('end', () => this.lost.add(client))
    this.clients[slot] = client
    return client
  }

  /** Gives up the lost ones, or all of them. */
  async drop(all: boolean): Promise<void> {
    for (const [slot, client] of this.clients.entries()) {
      if (client === undefined || !(all || this.lost.has(client))) continue
      this.clients[slot] = undefined
      await client.end().catch(() => undefined)
    }
  }
}
