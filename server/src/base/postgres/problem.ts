/** Why PostgreSQL could not be started, stopped, saved or brought back. The message says what to do. */
export class PostgresProblem extends Error {
  override name = 'PostgresProblem'
  readonly code: PostgresProblemCode

  constructor(code: PostgresProblemCode, message: string) {
    super(message)
    this.code = code
  }
}

export type PostgresProblemCode =
  /** There are no binaries for this machine, or they do not run. */
  | 'unsupported_platform'
  /** Started as root and there is no system user to run PostgreSQL as. */
  | 'no_system_user'
  /** A folder or file cannot be read, entered or written by the user PostgreSQL runs as. */
  | 'no_permission'
  /** The data folder holds something that Tenon did not put there. */
  | 'not_ours'
  /** The data folder was made by another major version of PostgreSQL. */
  | 'wrong_version'
  /** The data folder is damaged. */
  | 'corrupt_data'
  /** The file with the superuser's password is missing. */
  | 'password_missing'
  | 'disk_full'
  /** The port asked for is taken, or is no port. */
  | 'port_in_use'
  /** Another process holds the data folder and does not let go. */
  | 'busy'
  /** The server did not start or stop for a reason none of the others names. */
  | 'failed'
  /** The server behind DATABASE_URL cannot be reached. */
  | 'unreachable'
  /** The server behind DATABASE_URL is older than 15. */
  | 'too_old'
  /** A backup cannot be made or used as asked. */
  | 'bad_backup'
  /** The time to restore to lies outside what the backup holds. */
  | 'bad_target'
