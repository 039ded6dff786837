import { parseArgs } from 'node:util'
import { restore } from '../../server/src/base/postgres/index.ts'
import { type Terminal, UsageProblem } from '../command.ts'

/** `tenon restore`: a new data folder as the database was at a time, checked, then stopped. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { from: { type: 'string' }, to: { type: 'string' }, into: { type: 'string' } },
  })
  const { from, to, into } = values
  if (from === undefined) throw new UsageProblem('Name the backup folder with --from.')
  if (to === undefined) throw new UsageProblem('Name a time with --to, or "--to latest".')
  const restored = await restore({
    from,
    to,
    ...(into === undefined ? {} : { into }),
    onLine: terminal.say,
  })
  const { postgres, lastCommitAt, target } = restored
  let code: number
  try {
    if (lastCommitAt !== undefined) terminal.say(`The last commit that came back: ${lastCommitAt}.`)
    const { examine, momentOf } = await import('../restore/examine.ts')
    const { url, dataFolder } = postgres
    code = await examine({ url, dataFolder, at: momentOf(target, lastCommitAt) }, terminal)
  } finally {
    await postgres.stop()
  }
  terminal.say(`Restored into ${postgres.dataFolder}.`)
  terminal.say(`To work with it: TENON_DATA=${postgres.dataFolder} npm start`)
  return code
}
