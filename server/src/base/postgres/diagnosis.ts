/**
 * From what the server said to what the reader should do. The server's own line is always part of
 * the sentence: it is what an expert would ask for.
 */
import { statfs } from 'node:fs/promises'
import { corrupt, type FolderPaths } from './folder.ts'
import { PostgresProblem, type PostgresProblemCode } from './problem.ts'

interface Cause {
  readonly pattern: RegExp
  readonly code: PostgresProblemCode
  readonly says: (place: { paths: FolderPaths; port: number }) => string
}

/** Searched top to bottom; a cause that explains others stands above them. */
const CAUSES: readonly Cause[] = [
  {
    pattern:
      /could not (create|map|resize).*shared memory|Cannot allocate memory|No space .*shared memory/,
    code: 'failed',
    says: () =>
      `This machine has too little free memory for the database. Free some and start again.`,
  },
  {
    pattern: /No space left on device|Disk quota exceeded/,
    code: 'disk_full',
    says: ({ paths }) => fullDisk(paths),
  },
  {
    pattern: /Address already in use/,
    code: 'port_in_use',
    says: ({ port }) =>
      `Port ${port} on 127.0.0.1 is in use by another program. Free it, or set TENON_PG_PORT to another port ` +
      `(or unset it to have a free one chosen).`,
  },
  {
    pattern: /recovery ended before configured recovery target was reached/,
    code: 'bad_target',
    says: () =>
      `The backup ends before that time: nothing was committed after it, or the last WAL has not been archived yet. ` +
      `Name an earlier time, or "--to latest" for all the backup holds.`,
  },
  {
    pattern: /lock file "postmaster.pid" already exists|shared memory block .* still in use/,
    code: 'busy',
    says: ({ paths }) =>
      `Another PostgreSQL still works in ${paths.data}. Wait until it has ended, then start again.`,
  },
  {
    pattern: /Permission denied|has invalid permissions|has wrong ownership/,
    code: 'no_permission',
    says: ({ paths }) =>
      `PostgreSQL may not use something in ${paths.root}. Give the folder data/ and all in it to the user ` +
      `PostgreSQL runs as, with mode 700, and start again.`,
  },
]

const DAMAGE =
  /database files are incompatible|could not locate a valid checkpoint record|invalid checkpoint record|incorrect checksum in control file|invalid data in file|is not a valid|could not (open|read|find|stat) (file|directory|redo location)|(PANIC|FATAL): .*(corrupt|invalid (page|magic))/

/** The problem behind a server that did not start, from the end of its log. */
export async function diagnose(
  log: string,
  place: { paths: FolderPaths; port: number },
): Promise<PostgresProblem> {
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  for (const { pattern, code, says } of CAUSES) {
    const line = lines.find((candidate) => pattern.test(candidate))
    if (line !== undefined)
      return new PostgresProblem(code, `${says(place)} The server said: ${bare(line)}`)
  }
  // On a full disk the log cannot be written either.
  if (await isNearlyFull(place.paths.root)) {
    return new PostgresProblem('disk_full', fullDisk(place.paths))
  }
  const damage = lines.find((line) => DAMAGE.test(line))
  if (damage !== undefined) return corrupt(place.paths, `the server said "${bare(damage)}"`)
  const last =
    lines.find((line) => /invalid value for parameter|unrecognized configuration/.test(line)) ??
    lines.find((line) => /FATAL|PANIC/.test(line)) ??
    lines.at(-1) ??
    'nothing'
  return new PostgresProblem(
    'failed',
    `PostgreSQL did not start. It said: ${bare(last)} (more in ${place.paths.log}).`,
  )
}

/** What a first statement may fail with, by SQLSTATE. */
const SQL_CAUSES: readonly [RegExp, (paths: FolderPaths, said: string) => PostgresProblem][] = [
  [/^53100$/, (paths) => new PostgresProblem('disk_full', fullDisk(paths))],
  [/^(XX00.|58P01|58030)$/, (paths, said) => corrupt(paths, `the server said "${said}"`)],
  [
    /^28P01$/,
    (paths) =>
      new PostgresProblem(
        'password_missing',
        `The database in ${paths.root} does not take the password in credentials.json. Put that file back ` +
          `from a backup (it lies in every base copy), or start afresh with "npm run reset".`,
      ),
  ],
]

/** An error of the server on a connection as a problem; any other error comes back as it is. */
function fromServerError(error: unknown, paths: FolderPaths): unknown {
  const { code, message, severity } = error as { code?: string; message: string; severity?: string }
  if (severity === undefined || code === undefined) return error
  const known = SQL_CAUSES.find(([pattern]) => pattern.test(code))
  if (known !== undefined) return known[1](paths, message)
  return new PostgresProblem(
    'failed',
    `PostgreSQL started but refused its first work: ${message} (${code}; more in ${paths.log}).`,
  )
}

/** An error of the file system or the server as a problem; any other error comes back as it is. */
export function asProblem(error: unknown, paths: FolderPaths): unknown {
  if (error instanceof PostgresProblem) return error
  const { code, path } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new PostgresProblem('disk_full', fullDisk(paths))
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new PostgresProblem(
      'no_permission',
      `${path ?? paths.root} cannot be used (${code}). Make it readable and writable for this user, ` +
        `or set TENON_DATA to a folder that is.`,
    )
  }
  return fromServerError(error, paths)
}

function fullDisk(paths: FolderPaths): string {
  return (
    `The disk that holds ${paths.root} is full. Free some space (the database needs at least 100 MB to start) ` +
    `and start again; nothing that was acknowledged is lost. Or set TENON_DATA to a folder on another disk.`
  )
}

async function isNearlyFull(folder: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize < 20 * 1024 * 1024
  } catch {
    return false
  }
}

/** Without time and process number. */
function bare(line: string): string {
  return line.replace(/^\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] /, '').trim()
}
