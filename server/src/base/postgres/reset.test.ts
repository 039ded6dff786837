import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { reset } from './reset.ts'
import { launchFast, serverPid, temporaryFolder } from './testing.ts'

it('refuses while a live process works with the data, then stops the server and deletes all', async () => {
  const parent = await temporaryFolder()
  const folder = join(parent, 'data')
  const postgres = await launchFast(folder)
  await expect(reset(folder)).rejects.toMatchObject({
    code: 'busy',
    message: expect.stringContaining(`process ${process.pid}`),
  })
  expect(await serverPid(folder)).toBeDefined()
  await postgres.stop()
  expect(await reset(folder)).toBe(true)
  expect(await readdir(parent)).toEqual([])
  expect(await reset(folder)).toBe(false)
})

it('ends a server that a killed Tenon left behind', async () => {
  const parent = await temporaryFolder()
  const folder = join(parent, 'data')
  await launchFast(folder)
  const users = await readdir(join(folder, 'users'))
  for (const name of users) await rm(join(folder, 'users', name))
  expect(await reset(folder)).toBe(true)
  expect(await readdir(parent)).toEqual([])
})
