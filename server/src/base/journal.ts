/**
 * Files of lines that only grow, for what must not be in the database: a line is on the disk when
 * `append` returns. A line that a crash left half written has no end of line, counts for nothing, and
 * is cut off before the next one is added.
 */
import { type FileHandle, mkdir, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Journal {
  /** Shown to people: the folder. */
  readonly place: string
  /** The names of the files, sorted; none while the folder is not there. */
  names(): Promise<string[]>
  /** The whole lines of a file, without their ends; none when it is not there. */
  lines(name: string): Promise<string[]>
  /** Adds whole lines to the end of a file and syncs it. */
  append(name: string, lines: readonly string[]): Promise<void>
}

const NAME = /^[0-9A-Za-z][0-9A-Za-z.-]*\.jsonl$/

/** The `.jsonl` files of a folder, which is made when the first line is added. */
export function diskJournal(folder: string): Journal {
  const pathOf = (name: string): string => {
    if (!NAME.test(name)) throw new Error(`"${name}" is no name of a journal's file.`)
    return join(folder, name)
  }
  return {
    place: folder,
    names: async () => {
      const names = await readdir(folder).catch(absent<string[]>([]))
      return names.filter((name) => NAME.test(name)).sort()
    },
    lines: async (name) => {
      const text = await readFile(pathOf(name), 'utf8').catch(absent(''))
      return text.split('\n').slice(0, -1)
    },
    append: async (name, lines) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const file = await open(pathOf(name), 'a+', 0o600)
      try {
        await cutHalfLine(file)
        await file.appendFile(lines.map((line) => `${line}\n`).join(''))
        await file.sync()
      } finally {
        await file.close()
      }
      await syncFolder(folder)
    },
  }
}

const NEW_LINE = 10

async function cutHalfLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat()
  if (size === 0) return
  const last = Buffer.alloc(1)
  await file.read(last, 0, 1, size - 1)
  if (last[0] === NEW_LINE) return
  const bytes = Buffer.alloc(size)
  await file.read(bytes, 0, size, 0)
  await file.truncate(bytes.lastIndexOf(NEW_LINE) + 1)
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  if (folder === undefined) return
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function absent<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return instead
    throw error
  }
}
