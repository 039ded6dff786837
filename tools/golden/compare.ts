/** Compares a generated file with the one on disk, and writes it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { GeneratedFile } from './files.ts'

export type Outcome =
  | { readonly kind: 'current' }
  | { readonly kind: 'written' }
  | { readonly kind: 'stale'; readonly line: number; readonly says: string }
  | { readonly kind: 'failed'; readonly says: string }

/** Brings one file up to date; with `check` it only says whether it is. */
export async function bringUpToDate(
  file: GeneratedFile,
  root: string,
  check: boolean,
): Promise<Outcome> {
  let wanted: string
  try {
    wanted = await file.generate()
  } catch (error) {
    return { kind: 'failed', says: (error as Error).message }
  }
  const path = join(root, file.path)
  const kept = (await readFile(path, 'utf8').catch(() => '')).replaceAll('\r\n', '\n')
  if (kept === wanted) return { kind: 'current' }
  if (!check) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, wanted)
    return { kind: 'written' }
  }
  const [have, want] = [kept.split('\n'), wanted.split('\n')]
  const at = want.findIndex((line, index) => line !== have[index])
  const index = at === -1 ? want.length : at
  const says = `has ${JSON.stringify(have[index] ?? '')} where it should have ${JSON.stringify(want[index] ?? '')}`
  return { kind: 'stale', line: index + 1, says }
}
