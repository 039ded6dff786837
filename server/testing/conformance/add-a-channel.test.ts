/** Holds the guide `docs/guides/add-a-channel.md` to the code it speaks of. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const ROOT = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')
const exists = (path: string) => existsSync(new URL(path, ROOT))
const ADAPTERS = 'server/src/channels/adapters'

const guides = ['docs/guides/add-a-channel.md', 'docs/guides/add-a-channel.zh-CN.md'] as const
const [english, chinese] = guides.map(read) as [string, string]
const all = (text: string, shape: RegExp) => [...text.matchAll(shape)].map((match) => match[1]!)

/** Adapters of the port for payments; the custody bank's has a port of its own. */
const rails = readdirSync(new URL(ADAPTERS, ROOT)).filter((name) =>
  read('server/src/channels/index.ts').includes(`adapters/${name}/adapter.ts`),
)
const paying = rails.filter((rail) =>
  read(`${ADAPTERS}/${rail}/adapter.ts`).includes('payment-channel.ts'),
)

describe('the guide', () => {
  test('links to what exists', () => {
    for (const text of [english, chinese]) {
      for (const link of all(text, /\]\(([^)]+)\)/g)) {
        const path = new URL(link, new URL('docs/guides/', ROOT))
        expect({ link, exists: existsSync(path) }).toEqual({ link, exists: true })
      }
    }
  })

  test('names files its model has', () => {
    const named = all(english, /^`(?:server\/src\/channels\/adapters\/<rail>\/)?([a-z.-]+\.ts)`/gm)
    expect(named).toEqual(expect.arrayContaining(['spec.ts', 'status.ts', 'adapter.ts']))
    for (const file of named) {
      expect({ file, exists: exists(`${ADAPTERS}/alipay/${file}`) }).toEqual({ file, exists: true })
    }
    for (const [, test] of english.matchAll(/`adapters\/<rail>\/([a-z.]+)`/g)) {
      expect(exists(`${ADAPTERS}/alipay/${test}`)).toBe(true)
    }
  })

  test('names functions that exist', () => {
    const suite = read('server/testing/conformance.ts')
    for (const name of ['describeChannel', 'describeUnsentChannel']) {
      expect(english).toContain(name)
      expect(suite).toContain(`export function ${name}(`)
    }
    const port = read('server/src/channels/payment-channel.ts')
    for (const name of ['sendBeforeMono', 'notFoundAfterMs', 'downloadFile']) {
      expect(english).toContain(name)
      expect(port).toContain(name)
    }
  })

  test('says the same in both languages', () => {
    const shape = (text: string) => ({
      steps: all(text, /^## (\d+)\./gm),
      code: [...new Set(all(text, /`([^`\n]+)`/g))].sort(),
      commands: all(text, /```sh\n([\s\S]*?)```/g),
      links: all(text, /\]\(([^)]+)\)/g)
        .filter((link) => !link.startsWith('add-a-channel'))
        .sort(),
    })
    expect(shape(chinese)).toEqual(shape(english))
  })
})

describe('every channel of the door', () => {
  test('is found', () => {
    expect(paying).toEqual(expect.arrayContaining(['alipay', 'offline-transfer']))
  })

  test.each(paying)('%s runs the suite', (rail) => {
    const suite = read(`${ADAPTERS}/${rail}/conformance.test.ts`)
    expect(suite).toMatch(/describe(Unsent)?Channel\(/)
  })
})
