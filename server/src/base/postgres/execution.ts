/**
 * Running the PostgreSQL programs as the right system user. PostgreSQL refuses to run as root, so
 * root hands over to another user; uid and gid must then be set on every spawn, and the current
 * folder and HOME replaced, because the new user may be unable to enter root's.
 */
import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { PostgresProblem } from './problem.ts'

/** The system user PostgreSQL runs as. `switched` when it is not the user of this process. */
export interface SystemUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly switched: boolean
}

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** uid and gid for `spawn`; nothing when this process already is that user. */
export function spawnIdentity(user: SystemUser): { uid?: number; gid?: number } {
  return user.switched ? { uid: user.uid, gid: user.gid } : {}
}

/** The environment of every PostgreSQL program: messages in English, no PG* variables inherited. */
export function cleanEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: home, LC_ALL: 'C', TZ: 'UTC' }
}

/** Runs a program to its end. Rejects only when it cannot be spawned (ENOENT, EACCES, EPERM). */
export function run(
  command: string,
  args: readonly string[],
  options: { user?: SystemUser; cwd?: string } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(options.user === undefined ? {} : spawnIdentity(options.user)),
      cwd: options.cwd ?? '/',
      env: cleanEnvironment(options.cwd ?? '/'),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 128, stdout, stderr }))
  })
}

/** Whether `user` passes `test <flag> <path>`: `-x` for entering a folder, `-r`, `-w`. */
export async function may(user: SystemUser, flag: '-r' | '-w' | '-x', path: string) {
  const { code } = await run('/bin/sh', ['-c', 'test "$1" "$2"', 'sh', flag, path], { user })
  return code === 0
}

const CREATED_USER = 'tenon-postgres'

/**
 * The user to run PostgreSQL as: oneself, or, as root, the owner of the existing data, the system's
 * `postgres` user, or a system user made for the purpose.
 */
export async function chooseSystemUser(dataDirectory?: string): Promise<SystemUser> {
  if (process.getuid?.() !== 0) {
    const { username, uid, gid } = userInfo()
    return { name: username, uid, gid, switched: false }
  }
  const owner = dataDirectory === undefined ? undefined : await ownerOf(dataDirectory)
  if (owner !== undefined && owner.uid !== 0) {
    const { stdout, code } = await run('id', ['-un', String(owner.uid)])
    const name = code === 0 ? stdout.trim() : String(owner.uid)
    return { name, uid: owner.uid, gid: owner.gid, switched: true }
  }
  return (await lookUp('postgres')) ?? (await lookUp(CREATED_USER)) ?? (await createSystemUser())
}

async function ownerOf(path: string): Promise<{ uid: number; gid: number } | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found === undefined ? undefined : { uid: found.uid, gid: found.gid }
}

async function lookUp(name: string): Promise<SystemUser | undefined> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
  if (uid.code !== 0 || gid.code !== 0) return undefined
  return { name, uid: Number(uid.stdout), gid: Number(gid.stdout), switched: true }
}

async function createSystemUser(): Promise<SystemUser> {
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false']
  const made = await run('useradd', [...args, CREATED_USER]).catch((error: Error) => ({
    code: 1,
    stderr: error.message,
  }))
  const user = await lookUp(CREATED_USER)
  if (user !== undefined) return user
  throw new PostgresProblem(
    'no_system_user',
    `PostgreSQL does not run as root, and no system user could be made for it (${made.stderr.trim()}). ` +
      `Start Tenon as an ordinary user, create a user named postgres, or set DATABASE_URL to a server of your own.`,
  )
}
