/** The server's settings: durable always, sized to the machine, reachable from this machine only. */
import { totalmem } from 'node:os'

export type Settings = Record<string, string>

const MB = 1024 * 1024

/** Bytes this process may use: the machine's memory, or less when a container sets a limit. */
export function availableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0
  return limit > 0 && limit < totalmem() ? limit : totalmem()
}

/**
 * The settings for a machine with `memory` bytes. What a transfer's durability rests on (`fsync`,
 * `synchronous_commit`, `full_page_writes`) is spelled out, so that a changed default cannot take it.
 * WAL is archived from the first start; until a backup folder is set the segments are let go, because
 * `archive_mode` cannot be turned on later without a restart.
 */
export function serverSettings(memory: number = availableMemory()): Settings {
  const sharedBuffers = Math.min(2048, Math.max(128, Math.floor(memory / 4 / MB)))
  const maintenance = Math.min(512, Math.max(64, Math.floor(memory / 20 / MB)))
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: '200',
    shared_buffers: `${sharedBuffers}MB`,
    maintenance_work_mem: `${maintenance}MB`,
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    wal_level: 'replica',
    wal_buffers: '64MB',
    wal_compression: 'off',
    max_wal_size: '2GB',
    min_wal_size: '1GB',
    checkpoint_timeout: '5min',
    archive_mode: 'on',
    archive_command: 'true',
    autovacuum: 'on',
    jit: 'off',
    TimeZone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    lc_messages: 'C',
    cluster_name: 'tenon',
  }
}

/** As lines of a configuration file. */
export function settingsFile(settings: Settings): string {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
  )
  return (
    '# Written at every start. Put your own settings into postgresql.auto.conf (ALTER SYSTEM).\n' +
    lines.join('')
  )
}
