import { parseArgs } from 'node:util'
import { defaultDataFolder, reset } from '../../server/src/base/postgres/index.ts'
import type { Terminal } from '../command.ts'

/** `tenon reset`: asks, then deletes the data folder. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { yes: { type: 'boolean' } } })
  const folder = defaultDataFolder(terminal.env)
  if (values.yes !== true) {
    const answer = await terminal.ask(
      `This deletes the database in ${folder} with everything in it. Type "yes" to go on: `,
    )
    if (answer === undefined) {
      terminal.complain(
        `Nothing was deleted: nobody is here to ask. Say "tenon reset --yes" to delete ${folder}.`,
      )
      return 1
    }
    if (answer.trim() !== 'yes') {
      terminal.say('Nothing was deleted.')
      return 1
    }
  }
  const removed = await reset(folder)
  terminal.say(removed ? `Deleted ${folder}.` : `There is nothing to delete in ${folder}.`)
  return 0
}
