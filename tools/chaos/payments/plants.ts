/**
 * Planted faults: does the judge look? Each takes one protection out of a copy of the source tree and
 * plays seeds there until a figure that must be zero is not; a run that stays green has looked away.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

export interface PaymentPlant {
  readonly name: string
  readonly says: string
  readonly edits: readonly Edit[]
}

const OWNER = 'server/src/payments/payout-owner.ts'

export const PAYMENT_PLANTS: readonly PaymentPlant[] = [
  {
    name: 'blind resend',
    says: 'a payout nobody answered for is sent again over another channel without asking',
    edits: [
      {
        file: OWNER,
        from: 'if (!isFinal(event.to)) return { roots: [payoutRoot(payout.id)] }',
        to: `if (event.to === 'unknown') return failed(context, payout, { attempt, event })
      if (!isFinal(event.to)) return { roots: [payoutRoot(payout.id)] }`,
      },
      {
        file: OWNER,
        from: "if (certainty !== 'failed') return attempt.notFound > 0",
        to: "if (certainty !== 'failed') return true",
      },
    ],
  },
  {
    name: 'no guard',
    says: 'a pay-in is paid whatever state it has by then',
    edits: [
      {
        file: 'server/src/payments/pay-in-store.ts',
        from: `p.state = u.from_state and p.state <> 'succeeded'
      and p.attempts = u.attempts`,
        to: 'u.from_state is not null and u.attempts is not null',
      },
    ],
  },
  {
    name: 'amount unchecked',
    says: 'a callback is believed whatever amount it tells',
    edits: [
      {
        file: 'server/src/payments/agreement.ts',
        from: 'outcome.amount !== undefined && outcome.amount !== amount',
        to: 'outcome.amount !== undefined && outcome.amount < 0n',
      },
    ],
  },
]

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url))

/** What a planted run needs of the tree; modules come by a link to the real ones. */
const PARTS = ['package.json', 'tsconfig.json', 'server', 'simulators', 'schemes', 'tools']

/** Seeds a plant is given to be found in. */
const SEEDS = 4

/** Whether a planted fault is found. Throws when it does not fit the source any more. */
export async function playPaymentPlant(
  plant: PaymentPlant,
  seed: number,
  print: (line: string) => void,
): Promise<boolean> {
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
    const figures = await runCopy(copy, seed, print)
    return ['pending_past_deadline', 'doubled', 'unmatched'].some((name) => figures[name]! > 0)
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
  seed: number,
  print: (line: string) => void,
): Promise<Record<string, number>> {
  const args = ['payments', '--seeds', String(SEEDS), '--first', String(seed)]
  const only = ['--no-plants', '--stop-when-found']
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'tools/chaos/main.ts', ...args, ...only],
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
