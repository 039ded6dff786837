/**
 * The file a rail keeps its book in: JSON lines, appended. Lines wait in memory until `flush`, which
 * must come before anybody is told of them; a killed process then loses only what nobody had heard.
 * It survives the death of the process, not a power cut: nothing is synced.
 */
import { closeSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'

export interface Journal {
  append(entry: object): void
  /** Writes what waits; cheap when nothing does. */
  flush(): void
  close(): void
}

export const noJournal: Journal = { append: () => {}, flush: () => {}, close: () => {} }

/** Reads the entries of a journal and opens it to go on; a torn last line is cut off. */
export function openJournal(path: string): { entries: unknown[]; journal: Journal } {
  const entries = readEntries(path)
  const file = openSync(path, 'a', 0o600)
  let waiting: string[] = []
  const flush = () => {
    if (waiting.length === 0) return
    const bytes = Buffer.from(waiting.join(''))
    waiting = []
    for (let from = 0; from < bytes.length; from += writeSync(file, bytes, from)) {}
  }
  return {
    entries,
    journal: {
      append: (entry) => {
        waiting.push(`${JSON.stringify(entry)}\n`)
      },
      flush,
      close() {
        flush()
        closeSync(file)
      },
    },
  }
}

function readEntries(path: string): unknown[] {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const end = bytes.lastIndexOf(10) + 1
  if (end < bytes.length) truncateSync(path, end)
  const lines = bytes.toString('utf8', 0, end).split('\n')
  lines.pop()
  return lines.map((line) => JSON.parse(line) as unknown)
}
