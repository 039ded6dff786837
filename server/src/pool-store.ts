/** Held until the tx ends, so that servers that start together open a pool once. */
export const LOCK_POOLS = 'select pg_advisory_xact_lock(7663020001)'
