/** The bank simulator's process. */
import { forkSimulator, type SimulatorProcess } from './simulator.ts'

/** How the bank is to start. */
export interface ToBank {
  readonly databaseUrl: string
  readonly platformPublicKeyPem: string
  readonly privateKeyPem: string
  readonly noticeUrl: string
  readonly port: number
  readonly settings: Readonly<Record<string, unknown>>
}

/** Opened, it gives its address. */
export type BankProcess = SimulatorProcess<ToBank, string>

export const forkBank = (say: (line: string) => void): BankProcess =>
  forkSimulator({ file: './bank-host.ts', what: 'bank simulator', variable: 'BANK_PORT' }, say)
