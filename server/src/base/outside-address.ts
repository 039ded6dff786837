/**
 * What a server may call when somebody else chose the URL (webhooks above all): only public addresses,
 * so that nobody makes us knock at our own databases, the cloud's metadata or the office network.
 *
 * The URL is judged as it was written, before the parser makes it harmless-looking: `0x7f.1` is
 * 127.0.0.1 to a parser and is refused for being written so. A name is judged by every address it
 * resolves to, and whoever calls connects to just those addresses: asking the resolver twice would let
 * a name be public at the check and private at the connection.
 */
import ipaddr from 'ipaddr.js'

const ROWS = {
  url_too_long: 'Use a URL of at most 2,000 characters.',
  url_characters: 'Write the URL without blanks, control characters and backslashes.',
  url_malformed: 'Write a whole URL, such as https://example.com/hooks.',
  scheme_not_https: 'Use https.',
  credentials_in_url: 'Take the name and password out of the URL.',
  fragment_in_url: 'Take the part after # out of the URL; it is never sent.',
  host_not_ascii: 'Write the host in its ASCII form (xn--…).',
  host_trailing_dot: 'Write the host without a dot at its end.',
  host_name_malformed: 'Write a host name of letters, digits and hyphens.',
  host_not_qualified: 'Use a full host name; this one means something only inside a network.',
  host_local: 'Use a host that the whole world resolves; this name is for inside a network.',
  address_disguised: 'Write the address as four decimal numbers.',
  address_zone: 'Write the address without a zone.',
  port_not_allowed: 'Use port 443, or one from 1024 on that is not of another well-known service.',
  address_unspecified: 'This address means this machine.',
  address_loopback: 'This address is of this machine.',
  address_private: 'This address is inside a private network.',
  address_link_local: 'This address is only of the network next to us.',
  address_unique_local: 'This address is inside a private network.',
  address_site_local: 'This address is inside a private network.',
  address_carrier_nat: 'This address is inside a carrier’s network.',
  address_metadata: 'This address is of a cloud’s own services.',
  address_multicast: 'This address is of many machines.',
  address_broadcast: 'This address is of all machines of a network.',
  address_embeds_ipv4: 'Use the IPv4 address itself; this one has it inside.',
  address_reserved: 'This address is reserved and of no public host.',
  address_malformed: 'The resolver gave something that is no address.',
  name_unknown: 'The name does not resolve.',
} as const

export type OutsideRefusalCode = keyof typeof ROWS

/** Why a URL is not called; `says` does not repeat it. */
export interface OutsideRefusal {
  readonly code: OutsideRefusalCode
  readonly says: string
}

const refuse = (code: OutsideRefusalCode): OutsideRefusal => ({ code, says: ROWS[code] })

/** All codes, for the tables of those who ask. */
export const outsideRefusals: readonly OutsideRefusal[] = Object.keys(ROWS).map((code) =>
  refuse(code as OutsideRefusalCode),
)

export interface OutsideRules {
  /** Also takes http and https to this machine itself, from port 1024 on: for sandboxes only. */
  readonly loopback?: boolean
}

/** A URL whose written form is good. Its host may still resolve to a place that is not. */
export interface OutsideUrl {
  readonly url: URL
  /** Without brackets. */
  readonly host: string
  /** Whether it names this machine, which only `loopback` takes. */
  readonly here: boolean
}

/** Gives a name's addresses; throws when it has none. */
export type Resolver = (host: string) => Promise<readonly string[]>

const URL_CHARACTERS_MAX = 2_000
const DISALLOWED = /[\s\\\p{Cc}\p{Cf}]/u
/** Between the scheme and what ends the authority, as written. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i
const HERE = /^(?:localhost|127\.0\.0\.1|::1)$/
const NAME = /^(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/
/** Top levels that no public resolver has (RFC 6761, 6762, 7686, 8375, 9476, ICANN's .internal). */
const LOCAL_NAME =
  /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|private|onion|alt|invalid|test|home\.arpa|in-addr\.arpa|ip6\.arpa)$/

/** Ports from 1024 on of services that take commands from whoever connects. */
const PORTS_REFUSED = new Set([
  ...[
    1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5060,
  ],
  ...[
    5061, 5432, 5672, 5900, 5901, 5984, 5985, 5986, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668,
  ],
  ...[6669, 6679, 6697, 8500, 9042, 9092, 9200, 9300, 10080, 10250, 10255, 11211, 15672, 27017],
])

/** Judges how a URL is written. */
export function checkOutsideUrl(
  text: string,
  rules: OutsideRules = {},
): OutsideUrl | OutsideRefusal {
  if (text.length > URL_CHARACTERS_MAX) return refuse('url_too_long')
  if (DISALLOWED.test(text)) return refuse('url_characters')
  const written = AUTHORITY.exec(text)?.[1]
  if (written === undefined || written === '') return refuse('url_malformed')
  if (written.includes('@')) return refuse('credentials_in_url')
  const writtenHost = written.replace(/:[^:\]]*$/, '').toLowerCase()
  if (/^\[.*%.*\]$/.test(writtenHost)) return refuse('address_zone')
  if (/[^\p{ASCII}]/u.test(writtenHost)) return refuse('host_not_ascii')
  if (!URL.canParse(text)) return refuse('url_malformed')
  const url = new URL(text)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const here = rules.loopback === true && HERE.test(host) && isWritten(host, writtenHost)
  if (url.protocol !== 'https:' && !(here && url.protocol === 'http:')) {
    return refuse('scheme_not_https')
  }
  if (url.hash !== '' || text.includes('#')) return refuse('fragment_in_url')
  const bad = hostRefusal(host, writtenHost, here) ?? portRefusal(url, here)
  return bad ?? { url, host, here }
}

function hostRefusal(host: string, written: string, here: boolean): OutsideRefusal | undefined {
  if (host.endsWith('.')) return refuse('host_trailing_dot')
  const isAddress = ipaddr.isValid(host)
  if (isAddress && !isWritten(host, written)) return refuse('address_disguised')
  if (here) return undefined
  if (isAddress) return checkAddress(host)
  if (LOCAL_NAME.test(host)) return refuse('host_local')
  if (!NAME.test(host) || host.length > 253) return refuse('host_name_malformed')
  return host.includes('.') ? undefined : refuse('host_not_qualified')
}

/** Whether an address stands as it is; forms of IPv6 may differ, since no one reads those by eye. */
function isWritten(host: string, written: string): boolean {
  return host.includes(':') ? written.startsWith('[') : written === host
}

function portRefusal(url: URL, here: boolean): OutsideRefusal | undefined {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const isOpen = (port === 443 && !here) || (port >= 1024 && !PORTS_REFUSED.has(port))
  return isOpen ? undefined : refuse('port_not_allowed')
}

/** Addresses at which clouds answer about the machine itself; some of them lie in public ranges. */
const METADATA = new Set([
  ...['169.254.169.254', '169.254.170.2', '169.254.169.253', '169.254.0.23', '100.100.100.200'],
  ...['192.0.0.192', '168.63.129.16', 'fd00:ec2::254', 'fd20:ce::254'],
])

const BY_RANGE: Readonly<Record<string, OutsideRefusalCode>> = {
  unspecified: 'address_unspecified',
  loopback: 'address_loopback',
  private: 'address_private',
  linkLocal: 'address_link_local',
  uniqueLocal: 'address_unique_local',
  carrierGradeNat: 'address_carrier_nat',
  multicast: 'address_multicast',
  broadcast: 'address_broadcast',
  ipv4Mapped: 'address_embeds_ipv4',
  rfc6145: 'address_embeds_ipv4',
  rfc6052: 'address_embeds_ipv4',
  '6to4': 'address_embeds_ipv4',
  teredo: 'address_embeds_ipv4',
}

/** Why an address is not called; `undefined` when it is a public host's. */
export function checkAddress(text: string): OutsideRefusal | undefined {
  if (!ipaddr.isValid(text)) return refuse('address_malformed')
  const address = ipaddr.parse(text)
  if (address instanceof ipaddr.IPv6) {
    if (address.zoneId !== undefined) return refuse('address_zone')
    if (METADATA.has(address.toString())) return refuse('address_metadata')
    return ipv6Refusal(address)
  }
  // `ipaddr` reads short and octal forms too, and then it is not known what a resolver meant.
  if (address.toString() !== text) return refuse('address_disguised')
  if (METADATA.has(text)) return refuse('address_metadata')
  const range = address.range()
  // 0.0.0.0/8 is "this network"; 192.88.99.0/24 led to 6to4 relays (RFC 7526).
  if (text.startsWith('0.')) return refuse('address_unspecified')
  if (text.startsWith('192.88.99.')) return refuse('address_reserved')
  return range === 'unicast' ? undefined : refuse(BY_RANGE[range] ?? 'address_reserved')
}

const inRange = (address: ipaddr.IPv6, cidr: string) => address.match(ipaddr.IPv6.parseCIDR(cidr))

function ipv6Refusal(address: ipaddr.IPv6): OutsideRefusal | undefined {
  if (inRange(address, 'fec0::/10')) return refuse('address_site_local')
  const range = address.range()
  if (range !== 'unicast') return refuse(BY_RANGE[range] ?? 'address_reserved')
  // IPv4-compatible (::a.b.c.d), local NAT64 (RFC 8215), ISATAP (RFC 5214).
  const words = address.parts
  const isIsatap = ((words[4] ?? 0) & 0xfdff) === 0 && words[5] === 0x5efe
  if (inRange(address, '::/96') || inRange(address, '64:ff9b:1::/48') || isIsatap) {
    return refuse('address_embeds_ipv4')
  }
  // Public hosts are in 2000::/3; the documentation's 3fff::/20 (RFC 9637) is not theirs.
  const isPublic = inRange(address, '2000::/3') && !inRange(address, '3fff::/20')
  return isPublic ? undefined : refuse('address_reserved')
}

/**
 * The addresses to connect to, all of them good: one that is not refuses the name as a whole. Asks the
 * resolver once.
 */
export async function resolveOutside(
  { host, here }: OutsideUrl,
  resolve: Resolver,
): Promise<readonly string[] | OutsideRefusal> {
  if (ipaddr.isValid(host)) return [host]
  let addresses: readonly string[]
  try {
    addresses = await resolve(host)
  } catch {
    return refuse('name_unknown')
  }
  if (addresses.length === 0) return refuse('name_unknown')
  for (const address of addresses) {
    const bad = here ? hereRefusal(address) : checkAddress(address)
    if (bad !== undefined) return bad
  }
  return addresses
}

const hereRefusal = (address: string) =>
  HERE.test(address) ? undefined : refuse('address_malformed')

/** Tells a refusal from what was asked for. */
export function isOutsideRefusal(value: object): value is OutsideRefusal {
  return 'code' in value && 'says' in value
}
