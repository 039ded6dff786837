/** Copying a data directory file by file, with the SHA-256 of what was written. */
import { createHash } from 'node:crypto'
import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from './folder.ts'
import { syncFolder } from './initialise.ts'

export interface CopiedFile {
  readonly size: number
  readonly sha256: string
}

export interface Tree {
  /** Relative paths with forward slashes, parents before children. */
  readonly folders: string[]
  readonly files: string[]
}

/** What lies under `root`, without what `skip` names. Symbolic links are listed as files. */
export async function listTree(root: string, skip: (path: string) => boolean): Promise<Tree> {
  const folders: string[] = []
  const files: string[] = []
  const visit = async (at: string) => {
    for (const entry of await readdir(join(root, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`
      if (skip(path)) continue
      if (entry.isDirectory()) {
        folders.push(path)
        await visit(path)
      } else files.push(path)
    }
  }
  await visit('')
  return { folders, files: files.sort() }
}

const CHUNK = 1024 * 1024

/**
 * Copies one file and syncs the copy. `undefined` when the source is gone: PostgreSQL drops and
 * truncates files while it is being copied, and its log brings the copy up to date.
 */
export async function copyFile(from: string, to: string): Promise<CopiedFile | undefined> {
  const source = await open(from, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (source === undefined) return undefined
  const target = await open(to, 'wx', 0o600).catch(async (error) => {
    await source.close()
    throw error
  })
  try {
    const hash = createHash('sha256')
    const buffer = Buffer.allocUnsafe(CHUNK)
    let size = 0
    for (;;) {
      const { bytesRead } = await source.read(buffer, 0, CHUNK, null)
      if (bytesRead === 0) break
      const part = buffer.subarray(0, bytesRead)
      hash.update(part)
      await target.writeFile(part)
      size += bytesRead
    }
    await target.sync()
    return { size, sha256: hash.digest('hex') }
  } finally {
    await Promise.all([source.close(), target.close()])
  }
}

const AT_ONCE = 8

/**
 * Runs `work` on every item, a few at a time: most of a copy is waiting for the disk to sync. After a
 * failure nothing new is begun, and what was begun has ended when it is thrown.
 */
export async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const failures: unknown[] = []
  const worker = async () => {
    for (const item of rest) {
      if (failures.length > 0) return
      await work(item).catch((error: unknown) => failures.push(error))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  if (failures.length > 0) throw failures[0]
}

/** Makes the folders of a tree under `to`, and syncs them once their files are in. */
export async function makeFolders(to: string, folders: readonly string[]): Promise<void> {
  await makeFolder(to, 0o700)
  for (const folder of folders) await makeFolder(join(to, folder), 0o700)
}

export async function syncFolders(to: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders) await syncFolder(join(to, folder))
  await syncFolder(to)
}

/** Empties a folder and removes it; one that cannot go (a mounted disk) stays, empty. */
export async function removeFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    if (name !== 'lost+found')
      await rm(join(folder, name), { recursive: true, force: true, maxRetries: 10 })
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EBUSY' && error.code !== 'EACCES' && error.code !== 'EPERM') throw error
    },
  )
}
