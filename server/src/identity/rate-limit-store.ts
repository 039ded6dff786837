/** SQL of rate limits: the permits replicas have taken. */
import type { Tx } from '#base'

/**
 * Takes `$3` permits, or what is left of `$4`, in window `$2`. A replica whose clock lags takes from the newer
 * window. A window nobody has permits left in gives no row.
 */
const TAKE = `
  insert into identity.permit as p (name, window_no, taken) values ($1, $2, least($3::int, $4::int))
  on conflict (name) do update set
    window_no = greatest(p.window_no, excluded.window_no),
    taken = case when p.window_no < excluded.window_no then excluded.taken
                 else least(p.taken + $3::int, $4::int) end
    where p.window_no < excluded.window_no or p.taken < $4::int
  returning taken`

/** All permits taken in the window after these; `undefined` when none were left. */
export async function takePermits(
  tx: Tx,
  of: {
    readonly name: string
    /** Number of the window since 1970. */
    readonly window: number
    readonly size: number
    readonly most: number
  },
): Promise<number | undefined> {
  const rows = await tx.query<{ taken: number }>(TAKE, [of.name, of.window, of.size, of.most])
  return rows[0]?.taken
}
