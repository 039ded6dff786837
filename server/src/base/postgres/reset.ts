/** Deleting the embedded database with everything in it. */
import { readdir } from 'node:fs/promises'
import { removeFolder } from './copy.ts'
import { asProblem } from './diagnosis.ts'
import { defaultDataFolder, isOurs, pathsOf } from './folder.ts'
import { liveUsers, withLock } from './lock.ts'
import { PostgresProblem } from './problem.ts'
import { stopServer } from './start.ts'

/**
 * Stops the server and removes the data folder. Refuses a folder that Tenon did not make, and one
 * that a live process is working with. `false` when there was nothing to remove.
 */
export async function reset(dataFolder: string = defaultDataFolder()): Promise<boolean> {
  const paths = pathsOf(dataFolder)
  try {
    if (!(await isOurs(paths))) return await refuseForeign(paths.root)
    await withLock(
      paths.lock,
      () => undefined,
      async () => {
        const users = await liveUsers(paths.users)
        if (users.length > 0) {
          throw new PostgresProblem(
            'busy',
            `Tenon is running on ${paths.root} (process ${users.join(', ')}). Stop it first, then reset again.`,
          )
        }
        await stopServer(paths)
        await removeFolder(paths.root)
      },
    )
    return true
  } catch (error) {
    throw asProblem(error, paths)
  }
}

async function refuseForeign(root: string): Promise<false> {
  const names = await readdir(root).catch(() => [])
  if (names.length === 0) return false
  throw new PostgresProblem(
    'not_ours',
    `${root} was not made by Tenon, so nothing in it was removed. Look at TENON_DATA.`,
  )
}
