/**
 * One starter at a time, and a list of who uses the server.
 *
 * The lock is a file with the holder's process in it; a holder that died holds nothing. Breaking a
 * dead lock moves it aside first and looks again at what was moved, so that a lock taken in between
 * is put back. Beneath it PostgreSQL's own postmaster.pid still keeps two servers off one directory.
 */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PostgresProblem } from './problem.ts'
import { isAlive, markOf, type ProcessMark } from './processes.ts'

const PATIENCE_MS = 15 * 60_000

/** Runs `work` while no other process runs its own under the same lock file. */
export async function withLock<T>(
  path: string,
  onLine: (text: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const mine = JSON.stringify({ ...(await ownMark()), nonce: randomBytes(6).toString('hex') })
  const began = performance.now()
  let said = 0
  while (!(await take(path, mine))) {
    const holder = await readMark(path)
    if (holder !== undefined && !(await isAlive(holder.mark))) await breakLock(path, holder.text)
    else {
      const waited = performance.now() - began
      if (waited > PATIENCE_MS) throw busy(path, holder?.mark.pid)
      if (waited > (said + 1) * 5_000) {
        said += 1
        onLine(
          `Waiting for process ${holder?.mark.pid ?? '?'}, which is starting or stopping the database.`,
        )
      }
      await sleep(20)
    }
  }
  try {
    return await work()
  } finally {
    // Gone together with a data folder that was reset.
    if ((await readMark(path))?.text === mine) await rm(path, { force: true })
  }
}

function busy(path: string, pid: number | undefined): PostgresProblem {
  return new PostgresProblem(
    'busy',
    `Process ${pid ?? '?'} has held ${path} for 15 minutes. Wait for it, or end it and start again.`,
  )
}

async function ownMark(): Promise<ProcessMark> {
  return (await markOf(process.pid)) ?? { pid: process.pid, began: '' }
}

/** Written beside and linked into place: a lock is never seen without its holder. */
async function take(path: string, mine: string): Promise<boolean> {
  const beside = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(beside, 'wx', 0o644)
  try {
    await file.writeFile(mine)
  } finally {
    await file.close()
  }
  try {
    await link(beside, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(beside, { force: true })
  }
}

async function readMark(path: string): Promise<{ mark: ProcessMark; text: string } | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const mark = JSON.parse(text) as ProcessMark
    return { mark: { pid: mark.pid, began: mark.began }, text }
  } catch {
    // A lock cut short by a full disk or a power cut belongs to nobody.
    return { mark: { pid: 0, began: '' }, text }
  }
}

async function breakLock(path: string, dead: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  const moved = await readFile(aside, 'utf8').catch(() => dead)
  if (moved !== dead) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

/** Notes that this process uses the server; returns what takes the note away. */
export async function registerUser(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `${process.pid}-${randomBytes(4).toString('hex')}.json`)
  await writeFile(path, JSON.stringify(await ownMark()))
  return () => rm(path, { force: true })
}

/** The live processes noted as users; notes of dead ones are removed. */
export async function liveUsers(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => [])
  const alive: number[] = []
  for (const name of names) {
    const path = join(folder, name)
    const found = await readMark(path)
    if (found !== undefined && (await isAlive(found.mark))) alive.push(found.mark.pid)
    else await rm(path, { force: true })
  }
  return alive
}
