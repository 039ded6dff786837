/**
 * A copy of the source tree with one protection taken out of it, in which chaos is run: a run that stays
 * green there has looked away.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Edit {
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
}

export interface PlantedRun {
  readonly plant: { readonly name: string; readonly edits: readonly Edit[] }
  /** Folders the run needs beside `server` and `tools`. */
  readonly folders?: readonly string[]
  /** Of `tools/chaos/main.ts`. */
  readonly args: readonly string[]
  print(line: string): void
}

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))

/** What every run needs of the tree; modules come by a link to the real ones. */
const PARTS = ['package.json', 'tsconfig.json', 'server', 'tools']

/**
 * Runs chaos in a planted copy; gives the figures of its last line. Throws when the plant does not fit
 * the source any more, or the run ended without figures.
 */
export async function runPlanted(run: PlantedRun): Promise<Readonly<Record<string, number>>> {
  const { plant, folders = [] } = run
  const copy = await mkdtemp(join(tmpdir(), 'tenon-plant-'))
  try {
    for (const part of [...PARTS, ...folders]) {
      await cp(join(CHECKOUT, part), join(copy, part), {
        recursive: true,
        filter: (source) => !source.endsWith('/node_modules'),
      })
    }
    await symlink(join(CHECKOUT, 'node_modules'), join(copy, 'node_modules'))
    for (const edit of plant.edits) await applyEdit(copy, edit, plant.name)
    return await figuresOf(copy, run)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function applyEdit(copy: string, { file, from, to }: Edit, plant: string): Promise<void> {
  const path = join(copy, file)
  const text = await readFile(path, 'utf8')
  if (text.split(from).length !== 2) {
    throw new Error(
      `The planted fault "${plant}" no longer fits: ${file} must hold exactly once:\n${from}`,
    )
  }
  await writeFile(
    path,
    text.replace(from, () => to),
  )
}

function figuresOf(copy: string, { args, print }: PlantedRun): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'tools/chaos/main.ts', ...args], {
      cwd: copy,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) if (line !== '') print(`    ${line}`)
    })
    child.on('error', reject)
    child.on('close', () => {
      const last = out.trim().split('\n').at(-1) ?? ''
      try {
        resolve(JSON.parse(last) as Record<string, number>)
      } catch {
        reject(new Error(`A planted run ended without figures: ${last}`))
      }
    })
  })
}
