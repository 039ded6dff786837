import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createLog } from './log.ts'
import { createShutdown } from './shutdown.ts'

function started(deadlineMs = 1_000) {
  const lines: string[] = []
  const log = createLog({ level: 'debug', write: (line) => lines.push(line) })
  return { shutdown: createShutdown({ log, deadlineMs }), text: () => lines.join('') }
}

describe('shutdown', () => {
  it('stops the last started first, one after another', async () => {
    const { shutdown } = started()
    const seen: string[] = []
    for (const name of ['database', 'writers', 'http']) {
      shutdown.add(name, async () => {
        seen.push(`${name} stops`)
        await new Promise((resolve) => setImmediate(resolve))
        seen.push(`${name} stopped`)
      })
    }
    expect(await shutdown.stop('test')).toBe(0)
    expect(seen).toEqual([
      'http stops',
      'http stopped',
      'writers stops',
      'writers stopped',
      'database stops',
      'database stopped',
    ])
  })

  it('stops the others when one fails, and reports it', async () => {
    const { shutdown, text } = started()
    let stopped = false
    shutdown.add('database', () => {
      stopped = true
    })
    shutdown.add('http', () => Promise.reject(new Error('stuck')))
    expect(await shutdown.stop('test')).toBe(1)
    expect(stopped).toBe(true)
    expect(text()).toContain('stuck')
  })

  it('gives up at the deadline and names who kept it and who was left', async () => {
    const { shutdown, text } = started(20)
    shutdown.add('database', () => undefined)
    shutdown.add('http', () => new Promise(() => undefined))
    expect(await shutdown.stop('test')).toBe(1)
    expect(text()).toContain('"part":"http","left":["database"]')
  })

  it('runs once however often it is asked', async () => {
    const { shutdown } = started()
    let times = 0
    shutdown.add('database', () => {
      times += 1
    })
    expect(await Promise.all([shutdown.stop('a'), shutdown.stop('b')])).toEqual([0, 0])
    expect(times).toBe(1)
  })
})

describe('signals', () => {
  const program = (body: string) => `
    import { createLog } from ${JSON.stringify(fileURLToPath(new URL('./log.ts', import.meta.url)))}
    import { createShutdown } from ${JSON.stringify(fileURLToPath(new URL('./shutdown.ts', import.meta.url)))}
    const shutdown = createShutdown({ log: createLog({ level: 'silent' }), deadlineMs: 5000 })
    shutdown.onSignals()
    setInterval(() => {}, 1000)
    ${body}
    console.log('ready')`

  async function signalled(body: string, signals: NodeJS.Signals[]) {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program(body)],
      {
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let output = ''
    child.stdout.on('data', (data) => {
      output += data
      if (`${data}`.includes('ready')) child.kill(signals[0])
      if (`${data}`.includes('stopping') && signals[1] !== undefined) child.kill(signals[1])
    })
    const [code] = await once(child, 'exit')
    return { code, output }
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('%s stops and exits with 0', async (signal) => {
    const body = "shutdown.add('a', async () => { console.log('cleaned') })"
    expect(await signalled(body, [signal])).toEqual({ code: 0, output: 'ready\ncleaned\n' })
  })

  it('a second signal exits at once', async () => {
    const body = "shutdown.add('a', () => new Promise(() => console.log('stopping')))"
    expect((await signalled(body, ['SIGTERM', 'SIGTERM'])).code).toBe(1)
  })
})
