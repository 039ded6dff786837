import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { diskFiles } from './files.ts'
import type { Files } from './world.ts'

let root: string
let files: Files

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenon-files-'))
  files = diskFiles(root)
})

afterEach(() => rm(root, { recursive: true }))

const bytes = (text: string) => new TextEncoder().encode(text)

describe('files on disk', () => {
  it('reads back what was written, in folders made on the way', async () => {
    await files.write('statements/2026/03.txt', bytes('first'))
    await files.write('statements/2026/03.txt', bytes('second'))
    expect(new TextDecoder().decode(await files.read('statements/2026/03.txt'))).toBe('second')
  })

  it('lists names in order, without folders and half-written files', async () => {
    for (const name of ['b', 'a', 'c']) await files.write(`in/${name}`, bytes(name))
    await mkdir(join(root, 'in', 'folder'))
    await writeFile(join(root, 'in', 'd.0123456789ab.part'), 'half')
    expect(await files.list('in')).toEqual(['a', 'b', 'c'])
    expect(await files.list('nowhere')).toEqual([])
  })

  it('leaves no half-written file behind when it cannot write', async () => {
    await mkdir(join(root, 'taken'))
    await expect(files.write('taken', bytes('x'))).rejects.toThrow()
    expect(await readdir(root)).toEqual(['taken'])
  })

  it.each(['../outside', '/etc/passwd', 'a/../../outside'])('refuses the path %s', async (path) => {
    await expect(files.read(path)).rejects.toThrow('leads out of the folder')
    await expect(files.write(path, bytes('x'))).rejects.toThrow('leads out of the folder')
    await expect(files.list(path)).rejects.toThrow('leads out of the folder')
  })

  it('takes a name that only begins with two dots', async () => {
    await files.write('..kept', bytes('x'))
    expect(await files.list('.')).toEqual(['..kept'])
  })
})
