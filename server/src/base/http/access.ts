/**
 * Who reaches this server. Until sign-in exists it answers this machine only: it listens on loopback,
 * and it refuses what a web page could make a browser on this machine send: another Host (a name
 * rebound to 127.0.0.1) or another Origin.
 */
import type { FastifyRequest } from 'fastify'
import { httpProblem, type Problem } from './problem.ts'
import type { Policy } from './route.ts'

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '::1', 'localhost'])

/** The host asked to listen on is not this machine's own. */
export class ListenRefused extends Error {
  override name = 'ListenRefused'
}

/** Refuses to listen on anything but loopback. */
export function checkListenHost(host: string): void {
  if (LOOPBACK_HOSTS.has(host)) return
  throw new ListenRefused(
    `Tenon has no sign-in yet and listens on this machine only: use 127.0.0.1, ::1 or localhost ` +
      `instead of "${host}", and reach it from elsewhere through an SSH tunnel.`,
  )
}

const HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?$/i
const ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?$/i

/** The names and pages a request may come by. */
export function refuseForeign(request: FastifyRequest): Problem | undefined {
  const { host, origin } = request.headers
  if (host === undefined || !HOST.test(host)) return httpProblem('host_not_allowed')
  if (origin !== undefined && !ORIGIN.test(origin)) return httpProblem('origin_not_allowed')
  return undefined
}

const LOOPBACK_ADDRESSES = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** What each policy asks of a request. */
export const policies: Readonly<Record<Policy, (request: FastifyRequest) => Problem | undefined>> =
  {
    public: () => undefined,
    loopback: (request) =>
      LOOPBACK_ADDRESSES.has(request.ip) ? undefined : httpProblem('not_from_this_machine'),
  }
