/** Files that hold a key: only their owner may read them, and nothing is ever written over one. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A key file cannot be used as it is; the message says what to change. */
export class KeyFileProblem extends Error {
  override name = 'KeyFileProblem'
}

/** The text of a key file; `make` gives it at the first start. Of two starts at once, one makes it. */
export async function keepKeyFile(file: string, make: () => string): Promise<string> {
  const kept = await readKeyFile(file)
  if (kept !== undefined) return kept
  await writeKeyFile(file, make())
  return (await readKeyFile(file)) ?? ''
}

/** The text of a key file; `undefined` when there is none. Refuses one that others can read. */
export async function readKeyFile(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0) {
      throw new KeyFileProblem(`Others can read the key in ${file}. Run: chmod 600 ${file}`)
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whole or not at all, and never over an existing file: the bytes are linked to the name at the end. */
export async function writeKeyFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${randomBytes(6).toString('hex')}.new`
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(`${text.trimEnd()}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await link(draft, file)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
  // The name must be on the disk before anything made with the key can be.
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
