/** The file of payment channels: every mistake is found at the start, and named by its place. */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { testWorld } from '../testing/world.ts'
import type { Db, Files } from './base/index.ts'
import { readChannelSet } from './channel-set.ts'

const world = testWorld({ db: {} as Db })
const pem = (kind: 'pkcs8' | 'spki') => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return kind === 'pkcs8'
    ? privateKey.export({ type: kind, format: 'pem' }).toString()
    : publicKey.export({ type: kind, format: 'pem' }).toString()
}
const KEYS: Readonly<Record<string, string>> = {
  'wechat-pay/our-private.pem': pem('pkcs8'),
  'wechat-pay/platform-public.pem': pem('spki'),
  'wechat-pay/api-v3.key': '0123456789abcdef0123456789abcdef\n',
  'broken.pem': 'not a key',
}
const keys = {
  read: async (name: string) => {
    if (KEYS[name] === undefined) throw new Error(`no ${name}`)
    return Buffer.from(KEYS[name])
  },
} as unknown as Files

const read = (text: string) =>
  readChannelSet({ text, name: 'channels.yaml', keys, keysFolder: '/keys' }, world)
const refusal = async (text: string) =>
  ((await read(text).catch((error: unknown) => error)) as Error).message

const guide = readFileSync(new URL('../../docs/guides/operate.md', import.meta.url), 'utf8')
const SAMPLE = /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''

describe('the file of payment channels', () => {
  it('of the guide is read', async () => {
    const set = await read(SAMPLE)
    expect(set.ownBook).toBe('Own money')
    expect(set.channels.map(({ channel, pool }) => [channel.name, pool])).toEqual([
      ['wechat-pay', 'Collection pool'],
      ['offline-transfer', 'Collection pool'],
    ])
    expect(set.channels[0]?.funding?.bank).toBe('CMB')
  })

  it.each([
    ['own_book: [', /^channels\.yaml is not YAML/],
    ['own_book: A\nchannels: []', /^Correct channels\.yaml:\n- \/channels: /],
    [SAMPLE.replace('kind: wechat-pay', 'kind: wechat'), /\/channels\/0: there is no kind wechat;/],
    [SAMPLE.replace('name: offline-transfer', 'name: wechat-pay'), /\/channels\/1\/name: there is/],
    [SAMPLE.replace('our-private.pem', 'none.pem'), /\/channels\/0: the key \/keys\/.*none\.pem/],
    [SAMPLE.replace('wechat-pay/our-private.pem', 'broken.pem'), /\/channels\/0: .*key/],
    [SAMPLE.replace(/^ +appId.*\n/m, ''), /\/channels\/0: set appId in settings or keys\./],
    [
      SAMPLE.replace(/, cnaps: '\d+'/, ''),
      /\/channels\/1: set account\.cnaps in settings or keys\./,
    ],
    // Unquoted digits are a number in YAML; compared with what the rail tells they are never equal.
    [SAMPLE.replace("'1900000109'", '1900000109'), /\/channels\/0: put quotes around mchId/],
  ])('is refused with its place: %#', async (text, says) => {
    expect(text).not.toBe(SAMPLE)
    expect(await refusal(text)).toMatch(says)
  })
})
