/** The process of the sandbox's rails: WeChat Pay, Alipay, UnionPay, NetsUnion and our own bank. */
import type { RailAddresses } from '../rails/channel-file.ts'
import { forkSimulator, type SimulatorProcess } from './simulator.ts'

/** How the rails are to start. */
export interface ToRails {
  /** In the order of `RAIL_NAMES`. */
  readonly ports: readonly number[]
  /** The first of them, for a sentence. */
  readonly port: number
  /** The server's address, for callbacks. */
  readonly callbacks: string
  /** Where their books are kept. */
  readonly folder: string
  /** Where the keys of both sides are kept, and the file of channels is written. */
  readonly keysFile: string
  readonly channelFile: string
}

/** Opened, it gives their addresses; the file of channels is written by then. */
export type RailsProcess = SimulatorProcess<ToRails, RailAddresses>

export const forkRails = (say: (line: string) => void): RailsProcess =>
  forkSimulator({ file: './rails-host.ts', what: 'rail simulators', variable: 'RAIL_PORT' }, say)
