/** `npm run dev`: the whole start again whenever the code changes. PostgreSQL stays up in between. */
import { type ChildProcess, spawn } from 'node:child_process'
import { watch as watchFolder } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WATCHED = ['server/src', 'server/migrations', 'simulators', 'schemes', 'tools']
const CODE = /\.(ts|sql|yaml|json)$/
/** An editor saves several files at once. */
const CALM_MS = 200

export interface Watched {
  /** How often to play the sale: at the first start only. */
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  say(line: string): void
}

/** Runs `tenon start` again and again until `stopped`. Gives the exit code of the last one. */
export async function startAndWatch(
  { args, env, say }: Watched,
  stopped: AbortSignal,
): Promise<number> {
  const changes = changesOf()
  try {
    for (let first = true; ; first = false) {
      const child = run(first ? args : [...args, '--no-sale'], env)
      const gone = new Promise<number>((resolve) =>
        child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 0 : 1))),
      )
      const change = changes.next()
      const why = await Promise.race([
        gone,
        change.then(() => 'changed' as const),
        aborted(stopped),
      ])
      if (typeof why === 'number' && !stopped.aborted) {
        say('It ended; change a file to start it again.')
        await Promise.race([change, aborted(stopped)])
      }
      child.kill('SIGTERM')
      const code = await gone
      if (stopped.aborted) return code
      say('The code has changed; starting again.')
    }
  } finally {
    changes.end()
  }
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const program = fileURLToPath(new URL('../tenon.mjs', import.meta.url))
  const child = spawn(process.execPath, [program, 'start', ...args], {
    cwd: ROOT,
    env,
    stdio: 'inherit',
  })
  child.on('error', () => undefined)
  return child
}

function aborted(signal: AbortSignal): Promise<'stopped'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('stopped')
    signal.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
}

function changesOf() {
  const heard = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  const watchers = WATCHED.map((folder) =>
    watchFolder(`${ROOT}/${folder}`, { recursive: true }, (_event, name) => {
      if (name === null || !CODE.test(name) || name.includes('.test.')) return
      clearTimeout(timer)
      timer = setTimeout(() => {
        for (const hear of heard) hear()
        heard.clear()
      }, CALM_MS)
    }),
  )
  return {
    /** Resolves at the next change. */
    next: () => new Promise<void>((resolve) => heard.add(resolve)),
    end: () => {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}
