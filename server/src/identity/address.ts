/** Addresses as failures are counted by: an IPv6 customer has a whole /64 to try from. */
import ipaddr from 'ipaddr.js'

const IPV6_PREFIX_BYTES = 8

/** The address, or its /64; what is no address is counted as it stands. */
export function countedAddress(from: string): string {
  if (!ipaddr.isValid(from)) return from.slice(0, 100)
  const address = ipaddr.process(from)
  if (address.kind() === 'ipv4') return address.toString()
  const bytes = address.toByteArray().map((byte, at) => (at < IPV6_PREFIX_BYTES ? byte : 0))
  return `${ipaddr.fromByteArray(bytes).toString()}/64`
}
