/**
 * The bank simulator from the outside: its admin API over HTTP, by which a run makes the payers pay,
 * moves the bank's clock and switches faults on. The platform itself never calls it.
 */

export interface BankFault {
  readonly name: string
  readonly says: string
  /** Where in the bank it acts. */
  readonly point: string
}

export interface BankAdmin {
  faults(): Promise<BankFault[]>
  /** How often the armed faults have struck, together. */
  strikes(): Promise<number>
  /** Arms a fault: `{ fault, operation?, count?, after?, … }`. */
  arm(order: Readonly<Record<string, unknown>>): Promise<void>
  /** Somebody outside pays into the pool. `amount` is yuan with two decimals. */
  pay(transfer: {
    readonly to: string
    readonly amount: string
    readonly payerAcctNo: string
    readonly payerName: string
    readonly payerBank: string
    readonly remark: string
  }): Promise<void>
  /** Sets the bank's clock, which then stands still, and does what falls due on the way. */
  setClock(at: number): Promise<void>
  /** Does everything that is due now. */
  idle(): Promise<void>
  settings(change: Readonly<Record<string, unknown>>): Promise<void>
}

export function bankAdmin(url: string): BankAdmin {
  const call = async (method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> => {
    const reply = await fetch(`${url}/admin${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(30_000),
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`The bank's admin API refused ${method} ${path}: ${text}`)
    return JSON.parse(text)
  }
  return {
    faults: async () => ((await call('GET', '/faults')) as { catalogue: BankFault[] }).catalogue,
    strikes: async () => {
      const { armed } = (await call('GET', '/faults')) as { armed: { hits: number }[] }
      return armed.reduce((sum, { hits }) => sum + hits, 0)
    },
    arm: async (order) => void (await call('POST', '/faults', order)),
    pay: async (transfer) => void (await call('POST', '/inbound', transfer)),
    setClock: async (at) => void (await call('POST', '/clock', { now: at })),
    idle: async () => void (await call('POST', '/idle', {})),
    settings: async (change) => void (await call('POST', '/settings', change)),
  }
}
