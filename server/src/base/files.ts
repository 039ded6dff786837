/**
 * Files on disk. A written file is complete or absent: it is written under a temporary name, synced,
 * renamed, and the folder synced, so that a power cut after `write` returns loses nothing.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import type { Files } from './world.ts'

const TEMPORARY = /\.[0-9a-f]{12}\.part$/

/**
 * Files below `root`; a path that leads out of it is refused. Without a root, for tools run by hand,
 * any path goes. Names list sorted, without folders and half-written files; a folder that is not
 * there lists as empty.
 */
export function diskFiles(root?: string): Files {
  const base = resolve(root ?? '.')
  const inside = (path: string): string => {
    const full = resolve(base, path)
    if (root === undefined) return full
    const way = relative(base, full)
    if (way === '..' || way.startsWith('../') || way.startsWith('..\\') || isAbsolute(way)) {
      throw new Error(`The path ${path} leads out of the folder ${base}.`)
    }
    return full
  }
  return {
    read: async (path) => readFile(inside(path)),
    write: async (path, bytes) => {
      const full = inside(path)
      const temporary = `${full}.${randomBytes(6).toString('hex')}.part`
      await mkdir(dirname(full), { recursive: true })
      try {
        await writeSynced(temporary, bytes)
        await rename(temporary, full)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
      await syncFolder(dirname(full))
    },
    list: async (folder) => {
      const entries = await readdir(inside(folder), { withFileTypes: true }).catch(absentIsEmpty)
      return entries
        .filter((entry) => entry.isFile() && !TEMPORARY.test(entry.name))
        .map((entry) => entry.name)
        .sort()
    },
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; there the rename itself is what the file system offers.
  const folder = await open(path, 'r').catch(() => undefined)
  if (folder === undefined) return
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function absentIsEmpty(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return []
  throw error
}
