import { createServer, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { simulatedClock } from './clock.ts'
import { outsideNet } from './net.ts'
import {
  checkAddress,
  checkOutsideUrl,
  isOutsideRefusal,
  type OutsideRefusalCode,
  outsideRefusals,
  resolveOutside,
} from './outside-address.ts'

const codeOf = (url: string, rules = {}) => {
  const checked = checkOutsideUrl(url, rules)
  return isOutsideRefusal(checked) ? checked.code : 'good'
}

const REFUSED_URLS: readonly (readonly [string, OutsideRefusalCode])[] = [
  ['', 'url_malformed'],
  ['example.com/hook', 'url_malformed'],
  ['https://', 'url_malformed'],
  ['https:example.com', 'url_malformed'],
  ['https://exa mple.com/', 'url_characters'],
  ['https://example.com/\thook', 'url_characters'],
  ['https://example.com\\@10.0.0.1/', 'url_characters'],
  ['https://exam\u200bple.com/', 'url_characters'],
  [`https://example.com/${'a'.repeat(2_000)}`, 'url_too_long'],
  ['http://example.com/', 'scheme_not_https'],
  ['ftp://example.com/', 'scheme_not_https'],
  ['gopher://example.com:6379/_x', 'scheme_not_https'],
  ['https://user:secret@example.com/', 'credentials_in_url'],
  ['https://example.com@127.0.0.1/', 'credentials_in_url'],
  ['https://@example.com/', 'credentials_in_url'],
  ['https://example.com/#x', 'fragment_in_url'],
  ['https://例子.中国/', 'host_not_ascii'],
  ['https://①②⑦.⓪.⓪.①/', 'host_not_ascii'],
  ['https://127。0。0。1/', 'host_not_ascii'],
  ['https://example.com./', 'host_trailing_dot'],
  ['https://localhost./', 'host_trailing_dot'],
  ['https://-a-.example.com/', 'host_name_malformed'],
  ['https://a_b.example.com/', 'host_name_malformed'],
  ['https://postgres/', 'host_not_qualified'],
  ['https://localhost/', 'host_local'],
  ['https://hooks.localhost/', 'host_local'],
  ['https://metadata.google.internal/', 'host_local'],
  ['https://db.corp/', 'host_local'],
  ['https://printer.local/', 'host_local'],
  ['https://1.0.0.127.in-addr.arpa/', 'host_local'],
  ['https://2130706433/', 'address_disguised'],
  ['https://0x7f000001/', 'address_disguised'],
  ['https://0x7f.0.0.1/', 'address_disguised'],
  ['https://0177.0.0.1/', 'address_disguised'],
  ['https://127.1/', 'address_disguised'],
  ['https://127.0.1/', 'address_disguised'],
  ['https://%31%32%37.0.0.1/', 'address_disguised'],
  ['https://[fe80::1%25eth0]/', 'address_zone'],
  ['https://example.com:80/', 'port_not_allowed'],
  ['https://example.com:22/', 'port_not_allowed'],
  ['https://example.com:5432/', 'port_not_allowed'],
  ['https://example.com:6379/', 'port_not_allowed'],
  ['https://127.0.0.1/', 'address_loopback'],
  ['https://[::1]/', 'address_loopback'],
  ['https://169.254.169.254/latest/meta-data/', 'address_metadata'],
  ['https://[::ffff:169.254.169.254]/', 'address_embeds_ipv4'],
]

const REFUSED_ADDRESSES: readonly (readonly [string, OutsideRefusalCode])[] = [
  ['0.0.0.0', 'address_unspecified'],
  ['0.1.2.3', 'address_unspecified'],
  ['127.0.0.1', 'address_loopback'],
  ['127.255.255.254', 'address_loopback'],
  ['10.0.0.1', 'address_private'],
  ['172.16.0.1', 'address_private'],
  ['172.31.255.255', 'address_private'],
  ['192.168.1.1', 'address_private'],
  ['169.254.1.1', 'address_link_local'],
  ['169.254.169.254', 'address_metadata'],
  ['169.254.170.2', 'address_metadata'],
  ['100.100.100.200', 'address_metadata'],
  ['168.63.129.16', 'address_metadata'],
  ['192.0.0.192', 'address_metadata'],
  ['fd00:ec2::254', 'address_metadata'],
  ['100.64.0.1', 'address_carrier_nat'],
  ['100.127.255.255', 'address_carrier_nat'],
  ['224.0.0.1', 'address_multicast'],
  ['239.255.255.255', 'address_multicast'],
  ['240.0.0.1', 'address_reserved'],
  ['255.255.255.255', 'address_broadcast'],
  ['192.0.2.1', 'address_reserved'],
  ['198.51.100.1', 'address_reserved'],
  ['203.0.113.1', 'address_reserved'],
  ['198.18.0.1', 'address_reserved'],
  ['192.88.99.1', 'address_reserved'],
  ['::', 'address_unspecified'],
  ['::1', 'address_loopback'],
  ['fe80::1', 'address_link_local'],
  ['fe80::1%eth0', 'address_zone'],
  ['fec0::1', 'address_site_local'],
  ['fc00::1', 'address_unique_local'],
  ['fdff::1', 'address_unique_local'],
  ['ff02::1', 'address_multicast'],
  ['::ffff:127.0.0.1', 'address_embeds_ipv4'],
  ['::ffff:0:127.0.0.1', 'address_embeds_ipv4'],
  ['::7f00:1', 'address_embeds_ipv4'],
  ['64:ff9b::7f00:1', 'address_embeds_ipv4'],
  ['64:ff9b:1::7f00:1', 'address_embeds_ipv4'],
  ['2002:7f00:1::', 'address_embeds_ipv4'],
  ['2001::1', 'address_embeds_ipv4'],
  ['2400:cb00::5efe:7f00:1', 'address_embeds_ipv4'],
  ['2001:db8::1', 'address_reserved'],
  ['3fff::1', 'address_reserved'],
  ['100::1', 'address_reserved'],
  ['5f00::1', 'address_reserved'],
  ['4000::1', 'address_reserved'],
  ['127.1', 'address_disguised'],
  ['0x7f.0.0.1', 'address_disguised'],
  ['example', 'address_malformed'],
]

describe('a URL of somebody else', () => {
  it.each(REFUSED_URLS)('%s is refused: %s', (url, code) => {
    expect(codeOf(url)).toBe(code)
  })

  it.each([
    'https://example.com/hook?a=1',
    'https://EXAMPLE.com',
    'https://example.com:443/',
    'https://example.com:8443/hook',
    'https://xn--fsqu00a.xn--fiqs8s/',
    'https://93.184.215.14/',
    'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
  ])('%s is taken', (url) => {
    expect(codeOf(url)).toBe('good')
  })

  it.each([
    ['http://localhost:3000/hook', 'good'],
    ['http://127.0.0.1:3000/', 'good'],
    ['http://[::1]:3000/', 'good'],
    ['http://localhost/', 'port_not_allowed'],
    ['http://localhost:5432/', 'port_not_allowed'],
    ['http://127.1:3000/', 'scheme_not_https'],
    ['http://10.0.0.1:3000/', 'scheme_not_https'],
    ['http://example.com:3000/', 'scheme_not_https'],
  ])('in a sandbox %s is %s', (url, code) => {
    expect(codeOf(url, { loopback: true })).toBe(code)
    if (code === 'good') expect(codeOf(url)).toBe('scheme_not_https')
  })

  it('says nothing of what was written', () => {
    const checked = checkOutsideUrl('https://user:hunter2@example.com/')
    expect(JSON.stringify(checked)).not.toContain('hunter2')
  })

  it('has a case here for every reason', () => {
    const told = new Set<string>([...REFUSED_URLS, ...REFUSED_ADDRESSES].map(([, code]) => code))
    const untold = outsideRefusals.map(({ code }) => code).filter((code) => !told.has(code))
    expect(untold).toEqual(['name_unknown'])
  })
})

describe('an address', () => {
  it.each(REFUSED_ADDRESSES)('%s is refused: %s', (address, code) => {
    expect(checkAddress(address)?.code).toBe(code)
  })

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '223.5.5.5', '2400:3200::1'])(
    '%s is taken',
    (address) => {
      expect(checkAddress(address)).toBeUndefined()
    },
  )

  it('inside any IPv6 form is never taken for a public one', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(octet, octet, octet, octet, (a, b, c, d) => {
        const words = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
        for (const form of [`::ffff:${words}`, `64:ff9b::${words}`, `2002:${words}::1`]) {
          expect(checkAddress(form)).toBeDefined()
        }
      }),
    )
  })
})

describe('a name', () => {
  const outside = (host: string) => {
    const checked = checkOutsideUrl(`https://${host}/`)
    if (isOutsideRefusal(checked)) throw new Error(checked.says)
    return checked
  }
  it.each([
    [['8.8.8.8', '10.0.0.1'], 'address_private'],
    [['::ffff:10.0.0.1'], 'address_embeds_ipv4'],
    [['127.0.0.1'], 'address_loopback'],
    [[], 'name_unknown'],
  ])('with the addresses %j is refused: %s', async (addresses, code) => {
    const resolved = await resolveOutside(outside('example.com'), async () => addresses)
    expect(resolved).toMatchObject({ code })
  })

  it('that nobody knows is refused', async () => {
    const unknown = () => Promise.reject(new Error('ENOTFOUND'))
    const resolved = await resolveOutside(outside('example.com'), unknown)
    expect(resolved).toMatchObject({ code: 'name_unknown' })
  })
})

describe('the network for such URLs', () => {
  let server: Server | undefined
  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
    server = undefined
  })
  const clock = simulatedClock(0)
  const request = { method: 'POST', body: 'x', timeoutMs: 2_000 } as const
  const listening = async (made: Server) => {
    server = made
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
    return (made.address() as AddressInfo).port
  }

  it('asks the resolver once a call, and connects to what was judged', async () => {
    const answers = [['8.8.8.8'], ['127.0.0.1']]
    let asked = 0
    const resolve = async () => {
      asked += 1
      return answers[asked - 1] ?? ['127.0.0.1']
    }
    // Rebinding: good at registering, this machine at the call.
    const checked = checkOutsideUrl('https://rebind.example.com:8443/')
    if (isOutsideRefusal(checked)) throw new Error(checked.says)
    expect(await resolveOutside(checked, resolve)).toEqual(['8.8.8.8'])
    const net = outsideNet({ clock, resolve })
    const reply = await net.call({ ...request, url: 'https://rebind.example.com:8443/' })
    expect(reply).toMatchObject({
      kind: 'not_sent',
      why: expect.stringMatching(/^address_loopback/),
    })
    expect(asked).toBe(2)
  })

  it('holds the certificate to the name, though it connects to the address', async () => {
    const names: (string | undefined)[] = []
    const https = createHttps({
      SNICallback: (name, done) => {
        names.push(name)
        done(new Error('no certificate'))
      },
    })
    const port = await listening(https as unknown as Server)
    const net = outsideNet({
      ...{ clock, rules: { loopback: true }, resolve: async () => ['127.0.0.1'] },
    })
    const reply = await net.call({ ...request, url: `https://localhost:${port}/` })
    expect(reply.kind).toBe('not_sent')
    expect(names).toEqual(['localhost'])
  })

  it('in a sandbox takes localhost only where it is this machine', async () => {
    const port = await listening(createServer((_, reply) => reply.end('here')))
    const url = `http://localhost:${port}/`
    const to = (address: string) =>
      outsideNet({ clock, rules: { loopback: true }, resolve: async () => [address] })
    expect(await to('127.0.0.1').call({ ...request, url })).toMatchObject({ status: 200 })
    expect(await to('10.0.0.1').call({ ...request, url })).toMatchObject({ kind: 'not_sent' })
  })

  it('follows no redirect and keeps only the beginning of a long reply', async () => {
    const paths: (string | undefined)[] = []
    const port = await listening(
      createServer((asked, reply) => {
        paths.push(asked.url)
        if (asked.url === '/moved') reply.writeHead(302, { location: '/long' }).end()
        else reply.end('a'.repeat(1_000_000))
      }),
    )
    const net = outsideNet({ clock, rules: { loopback: true }, replyBytesKept: 4_096 })
    const url = `http://127.0.0.1:${port}`
    expect(await net.call({ ...request, url: `${url}/moved` })).toMatchObject({ status: 302 })
    const long = await net.call({ ...request, url: `${url}/long` })
    expect(long).toMatchObject({ kind: 'replied', status: 200 })
    expect(long.kind === 'replied' && long.body.length).toBe(4_096)
    expect(paths).toEqual(['/moved', '/long'])
  })

  it('gives up on a resolver that does not answer', async () => {
    const resolve = () => new Promise<never>(() => {})
    const net = outsideNet({ clock, resolve })
    const reply = await net.call({ ...request, url: 'https://example.com/', timeoutMs: 30 })
    expect(reply).toEqual({ kind: 'not_sent', why: 'no address within 30 ms' })
  })
})
