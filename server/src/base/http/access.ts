/**
 * By which names, from which pages and from where this server is reached. Without sign-in it answers
 * this machine only. With it, other names and pages may be allowed, and every other one is refused: a
 * web page could make a browser send to a name rebound to 127.0.0.1, or from a foreign origin.
 *
 * The easy mistake: a page of this machine (any program's, on any port) counts as our own only when it
 * calls by a name of this machine; towards the public name it is a stranger like all others.
 */
import type { FastifyRequest } from 'fastify'
import type { Guard } from './caller.ts'
import { httpProblem, type Problem } from './problem.ts'

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '::1', 'localhost'])

/** The host asked to listen on is not this machine's own. */
export class ListenRefused extends Error {
  override name = 'ListenRefused'
}

/** Refuses to listen on anything but loopback where nobody can sign in. */
export function checkListenHost(host: string, guard: Guard | undefined): void {
  if (LOOPBACK_HOSTS.has(host)) return
  if (guard !== undefined && guard.loopbackOnly !== true) return
  throw new ListenRefused(
    'Without sign-in Tenon listens on this machine only: use 127.0.0.1, ::1 or localhost ' +
      `instead of "${host}", and reach it from elsewhere through an SSH tunnel.`,
  )
}

/** The names and pages beside those of this machine. */
export interface Names {
  /** Values of `Host`, such as `pay.example.com`; any port goes unless one is named. */
  readonly hosts?: readonly string[]
  /** Values of `Origin`, such as `https://console.example.com`. */
  readonly origins?: readonly string[]
}

const HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?$/i
const ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?$/i
const PORT = /:[0-9]{1,5}$/

/** Refuses requests by a foreign name or from a foreign page. */
export function foreignness(names: Names): (request: FastifyRequest) => Problem | undefined {
  const hosts = new Set(names.hosts?.map((each) => each.toLowerCase()))
  const origins = new Set(names.origins?.map((each) => each.toLowerCase()))
  return ({ headers: { host = '', origin } }) => {
    const isOurs = HOST.test(host)
    if (!isOurs) {
      const name = host.toLowerCase()
      if (!hosts.has(name) && !hosts.has(name.replace(PORT, ''))) {
        return httpProblem('host_not_allowed')
      }
    }
    if (origin === undefined || origins.has(origin.toLowerCase())) return undefined
    return isOurs && ORIGIN.test(origin) ? undefined : httpProblem('origin_not_allowed')
  }
}

const LOOPBACK_ADDRESSES = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  return LOOPBACK_ADDRESSES.has(address)
}

/** What every reply carries, so that no browser guesses, frames, leaks or keeps it. */
export function securityHeaders(path: string, tls: boolean): Readonly<Record<string, string>> {
  const isApi = path.startsWith('/v1/')
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': isApi
      ? "default-src 'none'; frame-ancestors 'none'"
      : "frame-ancestors 'none'",
    ...(isApi && { 'cache-control': 'no-store' }),
    ...(tls && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  }
}
