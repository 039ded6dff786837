/**
 * The faults, each on a running pair of hosts: one owns the book, the other stands by. Every fault
 * returns when the book has an owner again; `at` is the moment it struck.
 */
import type { Clients } from './clients.ts'
import { type ChaosCluster, killAll } from './cluster.ts'
import type { Host } from './host.ts'
import type { Fault, Round } from './plan.ts'

/** The hosts as they stand; a fault changes who is who. */
export interface Stage {
  readonly cluster: ChaosCluster
  readonly clients: Clients
  owner: Host
  standby: Host
  /** Starts a fresh process in place of a dead one. */
  replace(host: Host): Promise<Host>
}

export interface Struck {
  /** Milliseconds of the run's clock. */
  readonly at: number
  /** Requests sent and unanswered while a batch was on its way to PostgreSQL; 0 when none was. */
  readonly inFlight: number
}

/** How long a fault may take until the book has an owner again. */
const PATIENCE_MS = 30_000
/** How long callers go on sending to both hosts after a takeover. */
const BOTH_MS = 300

type Strike = (stage: Stage, round: Round, signal: AbortSignal) => Promise<Struck>

const STRIKES: Readonly<Record<Fault, Strike>> = {
  kill_server: async (stage, { delayMs }, signal) => {
    const dead = stage.owner
    await dead.proxy.whenBusy(delayMs, signal)
    const struck = now(stage)
    dead.signal('SIGKILL')
    await standbyTakesOver(stage, signal)
    stage.standby = await stage.replace(dead)
    stage.clients.sendTo(stage.owner, stage.standby)
    return struck
  },

  kill_postgres: async (stage, { delayMs }, signal) => {
    const processes = stage.cluster.processes()
    await stage.owner.proxy.whenBusy(delayMs, signal)
    const struck = now(stage)
    killAll(processes)
    await stage.cluster.relaunch()
    return struck
  },

  // The owner loses the lock that elects and does not know: it goes on writing while another begins.
  takeover_alive: async (stage, { delayMs }, signal) => {
    const old = stage.owner
    await old.proxy.whenBusy(delayMs, signal)
    const struck = now(stage)
    stage.clients.sendToBoth()
    old.proxy.isolate()
    await standbyTakesOver(stage, signal)
    stage.clients.sendToBoth()
    await pause(BOTH_MS)
    old.proxy.heal()
    stage.clients.sendTo(stage.owner, stage.standby)
    return struck
  },

  takeover_stopped: async (stage, { delayMs }, signal) => {
    const old = stage.owner
    await old.proxy.whenBusy(delayMs, signal)
    const struck = now(stage)
    old.signal('SIGSTOP')
    try {
      old.proxy.isolate()
      await standbyTakesOver(stage, signal)
      // Its callers have gone over; what it still answers once it runs again has to be true.
      stage.clients.lost(old)
      await pause(BOTH_MS)
    } finally {
      old.signal('SIGCONT')
    }
    await pause(BOTH_MS)
    old.proxy.heal()
    stage.clients.sendTo(stage.owner, stage.standby)
    return struck
  },

  cut_commit_before: async (stage, _round, signal) => {
    await stage.owner.proxy.cutNextCommit('before', signal)
    return now(stage)
  },

  cut_commit_after: async (stage, _round, signal) => {
    await stage.owner.proxy.cutNextCommit('after', signal)
    return now(stage)
  },
}

/** Does what the round says. Rejects when the book has no owner in time. */
export async function strike(stage: Stage, round: Round): Promise<Struck> {
  return STRIKES[round.fault](stage, round, AbortSignal.timeout(PATIENCE_MS))
}

function now({ owner, clients }: Stage): Struck {
  return { at: performance.now(), inFlight: owner.proxy.busy() ? clients.unanswered : 0 }
}

/** Waits until the standby has taken the book over, and gives it the callers. */
async function standbyTakesOver(stage: Stage, signal: AbortSignal): Promise<void> {
  const old = stage.owner
  await stage.standby.owning(signal)
  stage.owner = stage.standby
  stage.standby = old
  stage.clients.sendTo(stage.owner)
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
