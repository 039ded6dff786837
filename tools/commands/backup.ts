import { parseArgs } from 'node:util'
import { backup, defaultDataFolder, PostgresProblem } from '../../server/src/base/postgres/index.ts'
import type { Terminal } from '../command.ts'

/** `tenon backup`: a base copy of the embedded database, and its WAL archived from now on. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { to: { type: 'string' } } })
  refuseOwnServer(terminal.env)
  const report = await backup({
    dataFolder: defaultDataFolder(terminal.env),
    ...(values.to === undefined ? {} : { to: values.to }),
    onLine: terminal.say,
  })
  const size = Math.ceil(report.bytes / 1024 / 1024)
  terminal.say(`Backed up ${size} MB into ${report.base}.`)
  terminal.say(
    `Any time from ${report.manifest.endedAt} on can be restored: ` +
      `tenon restore --from ${report.to} --to <time>`,
  )
  return 0
}

function refuseOwnServer(env: NodeJS.ProcessEnv): void {
  if (env.DATABASE_URL === undefined || env.DATABASE_URL === '') return
  throw new PostgresProblem(
    'bad_backup',
    'DATABASE_URL names a server of your own: back it up with its own tools, such as pg_basebackup or pgBackRest. ' +
      'Unset DATABASE_URL to back up the embedded database.',
  )
}
