/**
 * Planted faults: is the harness any good? Each takes one protection out of a copy of the source tree
 * and plays a few rounds there; a run that stays green has looked away.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Fault } from './plan.ts'

interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

export interface Plant {
  readonly name: string
  readonly says: string
  readonly edits: readonly Edit[]
  /** The faults that bring it out. */
  readonly faults: readonly Fault[]
  readonly rounds: number
}

export const PLANTS: readonly Plant[] = [
  {
    name: 'no fence',
    says: 'the head moves whoever writes, whatever epoch and batch came before',
    edits: [
      {
        file: 'server/src/ledger/writer/store.ts',
        from: 'where book_id = $1::int4 and epoch = $3::int8 and seq = $4::int8 - 1',
        to: 'where book_id = $1::int4 and $3::int8 is not null',
      },
    ],
    faults: ['takeover_alive'],
    rounds: 2,
  },
  {
    name: 'no undo',
    says: 'balances in memory keep what the database did not take',
    edits: [
      {
        file: 'server/src/ledger/writer/memory.ts',
        from: 'memory.counters[this.counter[at]!]![account]! -= this.amount[at]!',
        to: 'memory.counters[this.counter[at]!]![account]! -= 0n',
      },
    ],
    faults: ['cut_commit_before', 'kill_postgres'],
    rounds: 2,
  },
  {
    name: 'blind resend',
    says: 'a batch whose COMMIT was not answered is written again without asking',
    edits: [
      {
        file: 'server/src/ledger/writer/writer.ts',
        from: 'this.deliverUpTo(Number(row.seq))',
        to: 'this.deliverUpTo(this.head.seq)',
      },
    ],
    faults: ['cut_commit_after'],
    rounds: 2,
  },
]

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))

/** What a planted run needs of the tree; modules come by a link to the real ones. */
const PARTS = ['package.json', 'tsconfig.json', 'server', 'tools']

export interface PlantResult {
  readonly name: string
  /** Whether a figure that must be zero was not. */
  readonly found: boolean
  /** The copy's last line. */
  readonly figures: Record<string, unknown>
}

/** Plays one planted fault. Throws when it does not fit the source any more. */
export async function playPlant(
  plant: Plant,
  seed: number,
  print: (line: string) => void,
): Promise<PlantResult> {
  const copy = await mkdtemp(join(tmpdir(), 'tenon-plant-'))
  try {
    for (const part of PARTS) {
      await cp(join(CHECKOUT, part), join(copy, part), {
        recursive: true,
        filter: (source) => !source.endsWith('/node_modules'),
      })
    }
    await symlink(join(CHECKOUT, 'node_modules'), join(copy, 'node_modules'))
    for (const edit of plant.edits) await applyEdit(copy, edit, plant.name)
    const lines = await runCopy(copy, plant, seed, print)
    const figures = JSON.parse(lines.at(-1) ?? '') as Record<string, number>
    const found = ['lost', 'doubled', 'wrong_balances'].some((name) => figures[name]! > 0)
    return { name: plant.name, found, figures }
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

function runCopy(
  copy: string,
  plant: Plant,
  seed: number,
  print: (line: string) => void,
): Promise<string[]> {
  const args = ['--rounds', String(plant.rounds), '--seed', String(seed), '--no-plants', '--short']
  const only = ['--faults', plant.faults.join(','), '--stop-when-found']
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'tools/chaos/main.ts', 'ledger', ...args, ...only],
      { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) if (line !== '') print(`    ${line}`)
    })
    child.on('error', reject)
    child.on('close', () => resolve(out.trim().split('\n')))
  })
}
