/** A server of one's own, given as DATABASE_URL, in place of the embedded one. */
import { PostgresProblem } from './problem.ts'
import { connected } from './roles.ts'

const OLDEST = 15

/** Connects once and gives the major version. Refuses a server that is out of reach or before 15. */
export async function checkServer(url: string): Promise<number> {
  const place = placeOf(url)
  const version = await connected(url, async (client) => {
    const { rows } = await client.query<{ number: number }>(
      `select current_setting('server_version_num')::int as number`,
    )
    return Math.floor((rows[0]?.number ?? 0) / 10_000)
  }).catch((error: Error & { code?: string }) => {
    throw new PostgresProblem(
      'unreachable',
      `DATABASE_URL points to ${place}, which cannot be used: ${reason(error)}. Correct DATABASE_URL, ` +
        `or unset it to use the embedded PostgreSQL.`,
    )
  })
  if (version >= OLDEST) return version
  throw new PostgresProblem(
    'too_old',
    `The server at ${place} is PostgreSQL ${version}; Tenon needs ${OLDEST} or newer. Upgrade it, point ` +
      `DATABASE_URL to another, or unset DATABASE_URL to use the embedded PostgreSQL 18.`,
  )
}

function reason(error: Error & { code?: string }): string {
  if (error.code === 'ECONNREFUSED') return 'nothing listens there'
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'there is no such host'
  return error.message
}

/** Host, port and database: a url in a message must not carry its password. */
function placeOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url)
    return `${hostname}:${port || '5432'}${pathname}`
  } catch {
    throw new PostgresProblem(
      'unreachable',
      'DATABASE_URL is not a url. It should look like postgres://user:password@host:5432/database.',
    )
  }
}
