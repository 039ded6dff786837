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
    pattern: /database files are incompatible with server/,
    code: 'wrong_version',
    says: ({ paths }) =>
      `${paths.data} was made by another version of PostgreSQL. ` +
      `Start it with the release it was made with, or set TENON_DATA to a new folder.`,
  },
  {
    pattern: /lock file "postmaster.pid" already exists|shared memory block .* still in use/,
    code: 'busy',
    says: ({ paths }) =>
      `Another PostgreSQL still works in ${paths.data}. Wait until it has ended, then start again.`,
  },
  {
    pattern:
      /could not (create|map|resize).*shared memory|Cannot allocate memory|No space .*shared memory/,
    code: 'failed',
    says: () =>
      `This machine has too little free memory for the database. Free some and start again.`,
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
  /could not locate a valid checkpoint record|invalid checkpoint record|incorrect checksum in control file|invalid data in file|is not a valid|could not (open|read|find|stat) (file|directory|redo location)|(PANIC|FATAL): .*(corrupt|invalid (page|magic))/

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

/** An error of the file system as a problem; any other error comes back as it is. */
export function fromSystemError(error: unknown, paths: FolderPaths): unknown {
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
  return error
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
