/**
 * Roles and what each may see. The platform logs in as a role that owns its database and is no
 * superuser; a simulator gets a role and a schema of its own in the same database and can read
 * nothing else of it.
 *
 * A role's password is derived from the administrator's, so every process that knows the one knows
 * the others and none has to be kept. It reaches the server as a SCRAM verifier only: a failed
 * statement would otherwise leave it in the log.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'

const ROLE_NAME = /^[a-z][a-z0-9_]{0,40}$/

/** Runs `work` on one connection. */
export async function connected<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'tenon launcher' })
  // A connection that breaks while idle reports here; the next query fails with the same cause.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** The same server and database under another role. */
export function urlAs(url: string, role: string, password: string, database?: string): string {
  const other = new URL(url)
  other.username = role
  other.password = password
  if (database !== undefined) other.pathname = `/${database}`
  return other.href
}

/**
 * Makes sure that `role` exists and can log in, and gives the url of the same database under it.
 * Any number of processes may ask at once. On a server without a known administrator's password the
 * role gets a fresh one each time.
 */
export async function createRole(adminUrl: string, role: string): Promise<string> {
  if (!ROLE_NAME.test(role)) throw new Error(`${role} is not a role name: use a-z, 0-9 and _.`)
  const password = passwordOf(adminUrl, role)
  await connected(adminUrl, async (client) => {
    const { rows } = await client.query<{ iterations: string | null }>(
      `select current_setting('scram_iterations', true) as iterations`,
    )
    const verifier = scramVerifier(password, Number(rows[0]?.iterations ?? 4096))
    await amongRivals(async () => {
      const found = await client.query('select from pg_roles where rolname = $1', [role])
      const verb = found.rowCount === 0 ? 'create' : 'alter'
      await client.query(`${verb} role "${role}" login password '${verifier}'`)
    })
  })
  return urlAs(adminUrl, role, password)
}

function passwordOf(adminUrl: string, role: string): string {
  const secret = decodeURIComponent(new URL(adminUrl).password)
  if (secret === '') return randomBytes(24).toString('hex')
  return createHmac('sha256', secret).update(`tenon role ${role}`).digest('hex')
}

/**
 * Makes sure that `role` exists with a schema of its own in the database of `adminUrl`, and gives the
 * url under which it works there. The role sees that schema first and owns nothing else.
 */
export async function ensureRoleAndSchema(
  adminUrl: string,
  role: string,
  schema: string,
): Promise<string> {
  if (!ROLE_NAME.test(schema))
    throw new Error(`${schema} is not a schema name: use a-z, 0-9 and _.`)
  const url = await createRole(adminUrl, role)
  await connected(adminUrl, async (client) => {
    await amongRivals(async () => {
      const { rows } = await client.query<{ db: string; super: boolean }>(
        `select current_database() as db, rolsuper as super from pg_roles where rolname = current_user`,
      )
      // An administrator who is no superuser may give away only what he is a member of.
      if (rows[0]?.super !== true) await client.query(`grant "${role}" to current_user`)
      const database = pg.escapeIdentifier(rows[0]?.db ?? '')
      await client.query(`grant connect on database ${database} to "${role}"`)
      await client.query(`create schema if not exists "${schema}" authorization "${role}"`)
      await client.query(
        `alter role "${role}" in database ${database} set search_path = "${schema}"`,
      )
    })
  })
  return url
}

/**
 * The role and database `tenon`, made on the first start; gives the role's url to that database.
 * `adminUrl` is the superuser's. Where all is in place nothing is written: a server whose disk is full
 * still comes up for reading.
 */
export async function ensureApplicationDatabase(adminUrl: string): Promise<string> {
  const url = urlAs(adminUrl, 'tenon', passwordOf(adminUrl, 'tenon'), 'tenon')
  const inPlace = await connected(url, rolesInPlace).catch((error: { code?: string }) => {
    // No such role or another password; no such database; no right to connect.
    if (['28P01', '28000', '3D000', '42501'].includes(error.code ?? '')) return false
    throw error
  })
  if (inPlace) return url
  await createRole(adminUrl, 'tenon')
  await connected(adminUrl, async (client) => {
    const found = await client.query(`select from pg_database where datname = 'tenon'`)
    if (found.rowCount === 0) await client.query('create database tenon owner tenon')
    await client.query('revoke all on database tenon from public')
  })
  await ensureTableRoles(urlAs(adminUrl, ...credentialsOf(adminUrl), 'tenon'), 'tenon')
  return url
}

/** Nobody logs in as these. Readers of one organisation; the owner of what only grows. */
const READER = 'tenon_reader'
const AUDITOR = 'tenon_auditor'
/** The schema that is given to the auditor when it is made. */
const AUDIT_SCHEMA = 'audit'

/**
 * Makes the roles that a plain login may not make. It may always act as a reader, and as the auditor
 * only until the auditor's tables are there: called once more then, this takes that back.
 */
export async function ensureTableRoles(adminUrl: string, login: string): Promise<void> {
  if (!ROLE_NAME.test(login)) throw new Error(`${login} is not a role name: use a-z, 0-9 and _.`)
  await connected(adminUrl, (client) =>
    amongRivals(async () => {
      for (const role of [READER, AUDITOR]) {
        const found = await client.query('select from pg_roles where rolname = $1', [role])
        if (found.rowCount === 0) await client.query(`create role "${role}" nologin`)
      }
      const { rows } = await client.query<{ made: boolean }>(
        `select to_regnamespace('${AUDIT_SCHEMA}') is not null as made`,
      )
      await client.query(`grant "${READER}" to "${login}"`)
      const lent = rows[0]!.made ? 'revoke' : 'grant'
      await client.query(`${lent} "${AUDITOR}" ${lent === 'grant' ? 'to' : 'from'} "${login}"`)
    }),
  )
}

/** Whether `ensureTableRoles` has nothing to do for whoever asks. */
async function rolesInPlace(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ fits: boolean }>(
    `select count(*) = 2 and bool_and(
       pg_has_role(oid, 'member') = (rolname = $1 or to_regnamespace('${AUDIT_SCHEMA}') is null)
     ) as fits from pg_roles where rolname in ($1, $2)`,
    [READER, AUDITOR],
  )
  return rows[0]!.fits
}

function credentialsOf(url: string): [string, string] {
  const { username, password } = new URL(url)
  return [decodeURIComponent(username), decodeURIComponent(password)]
}

/** Two sessions that make or change one role at the same time: one of them fails and looks again. */
async function amongRivals(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      const rival =
        code === '42710' ||
        code === '42P06' ||
        code === '23505' ||
        (code === 'XX000' && message.includes('concurrently updated'))
      if (!rival || attempt === 20) throw error
    }
  }
}

/** RFC 5803 as PostgreSQL stores it. */
function scramVerifier(password: string, iterations: number): string {
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const storedKey = createHash('sha256').update(clientKey).digest('base64')
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
