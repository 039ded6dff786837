/**
 * Planted faults: is a test any good? Each plant takes one protection out of a copy of the source and
 * names the test that must go red there. All copies run in one vitest, on the cluster of this run; an
 * unplanted copy runs beside them and must stay green.
 */
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'

export interface Plant {
  /** What is taken out. */
  readonly name: string
  /** From `server/src`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
  /** The test that must fail: its file, from `server/src`, and the beginning of its title. */
  readonly test: readonly [file: string, title: string]
}

export interface Harvest {
  /** By plant: whether its test failed in the planted copy. */
  readonly found: ReadonlyMap<string, boolean>
  /** Tests that failed without any plant, or that no title fits. */
  readonly broken: readonly string[]
}

const SERVER = fileURLToPath(new URL('..', import.meta.url))
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))
const UNPLANTED = 'unplanted'

/** Plays all plants. Throws when one no longer fits the source. */
export async function playPlants(plants: readonly Plant[]): Promise<Harvest> {
  const root = await mkdtemp(join(tmpdir(), 'tenon-plants-'))
  try {
    const places = plants.map((plant, index) => ({ plant, place: `plant-${index}` }))
    await copyServer(root, UNPLANTED)
    for (const { plant, place } of places) {
      await copyServer(root, place)
      await applyPlant(join(root, place, 'src', plant.file), plant)
    }
    await symlink(MODULES, join(root, 'node_modules'))
    await writeFile(join(root, 'package.json'), '{ "type": "module" }')
    await writeFile(join(root, 'cluster.ts'), CLUSTER)
    const files = [
      ...new Set(plants.map(({ test }) => `${UNPLANTED}/src/${test[0]}`)),
      ...places.map(({ plant, place }) => `${place}/src/${plant.test[0]}`),
    ]
    await writeFile(join(root, 'vitest.config.ts'), configOf(files))
    const outcomes = await runCopies(root, [...new Set(plants.map(({ test }) => test[1]))])
    const outcome = (place: string, [file, title]: Plant['test']) =>
      outcomes.find(
        (each) => each.path === join(root, place, 'src', file) && each.title.startsWith(title),
      )
    return {
      found: new Map(
        places.map(({ plant, place }) => [
          plant.name,
          outcome(place, plant.test)?.status === 'failed',
        ]),
      ),
      broken: plants.flatMap(({ test }) =>
        outcome(UNPLANTED, test)?.status === 'passed' ? [] : [test.join(' > ')],
      ),
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function copyServer(root: string, place: string): Promise<void> {
  await mkdir(join(root, place))
  for (const part of ['package.json', 'src', 'testing', 'migrations']) {
    await cp(join(SERVER, part), join(root, place, part), { recursive: true })
  }
}

async function applyPlant(path: string, { name, file, from, to }: Plant): Promise<void> {
  const text = await readFile(path, 'utf8')
  if (text.split(from).length !== 2) {
    throw new Error(`The plant "${name}" no longer fits: ${file} must hold exactly once:\n${from}`)
  }
  await writeFile(
    path,
    text.replace(from, () => to),
  )
}

const CLUSTER = `
export default (project) => {
  project.provide('clusterUrl', process.env.PLANTS_CLUSTER_URL)
  project.provide('templateName', process.env.PLANTS_TEMPLATE)
}
`

const configOf = (files: readonly string[]) => `
export default {
  test: {
    include: ${JSON.stringify(files)},
    globalSetup: ['cluster.ts'],
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 8_000,
    hookTimeout: 12_000,
    teardownTimeout: 1_000,
  },
}
`

interface TestOutcome {
  readonly path: string
  readonly title: string
  readonly status: string
}

async function runCopies(root: string, titles: readonly string[]): Promise<TestOutcome[]> {
  const report = join(root, 'report.json')
  const names = titles.map((title) => title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  const vitest = join(MODULES, 'vitest', 'vitest.mjs')
  const args = ['run', '--root', root, '-t', names, '--reporter=json', `--outputFile=${report}`]
  const said = await new Promise<string>((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, ...args], {
      cwd: root,
      env: {
        ...process.env,
        PLANTS_CLUSTER_URL: inject('clusterUrl'),
        PLANTS_TEMPLATE: inject('templateName'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        out += text
      })
    }
    child.on('error', reject)
    child.on('close', () => resolve(out))
  })
  const text = await readFile(report, 'utf8').catch(() => {
    throw new Error(`The copies did not run:\n${said}`)
  })
  const { testResults } = JSON.parse(text) as {
    testResults: { name: string; assertionResults: { title: string; status: string }[] }[]
  }
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ title, status }) => ({ path: name, title, status })),
  )
}
