/** All SQL of routing. Rows are of the installation, not of a book. */
import { type Instant, instantColumn, type Tx, textColumn } from '#base'
import type { Cell, Observation } from './health.ts'
import type { Learnt } from './learnt.ts'
import type { RuleDocument } from './rule.ts'

type Direction = Observation['direction']
type AccountType = Observation['accountType']

interface CellRow {
  direction: Direction
  channel: string
  bank: string
  account_type: AccountType
}

/** Keeps a version of the rules; the same content is kept once. */
export async function keepRules(
  tx: Tx,
  of: { version: string; document: RuleDocument; note: string; at: Instant },
): Promise<void> {
  await tx.query(
    `insert into routing.rule_set (version, document, note, made_at)
     values ($1, $2::jsonb, $3, $4) on conflict (version) do nothing`,
    [of.version, JSON.stringify(of.document), of.note, new Date(of.at)],
  )
}

/** Puts a kept version in force. */
export async function activateRules(
  tx: Tx,
  of: { version: string; by: string; at: Instant },
): Promise<void> {
  await tx.query(
    'insert into routing.activation (version, activated_by, activated_at) values ($1, $2, $3)',
    [of.version, of.by, new Date(of.at)],
  )
}

export interface KeptRules {
  readonly version: string
  readonly note: string
  readonly madeAt: Instant
  /** When it was put in force last; absent for a draft. */
  readonly activatedAt?: Instant
}

/** Versions, the newest first. */
export async function listRules(tx: Tx, limit = 50): Promise<KeptRules[]> {
  const rows = await tx.query<{
    version: string
    note: string
    made_at: Date
    activated_at: Date | null
  }>(
    `select r.version, r.note, r.made_at,
            (select max(a.activated_at) from routing.activation a where a.version = r.version)
              as activated_at
     from routing.rule_set r order by r.made_at desc, r.version limit $1`,
    [limit],
  )
  return rows.map(({ version, note, made_at, activated_at }) => ({
    version,
    note,
    madeAt: made_at.getTime(),
    ...(activated_at !== null && { activatedAt: activated_at.getTime() }),
  }))
}

/** The document of a version; without one, of the version in force. */
export async function findRules(tx: Tx, version?: string): Promise<RuleDocument | undefined> {
  const [row] = await tx.query<{ document: RuleDocument }>(
    version === undefined
      ? `select r.document from routing.activation a join routing.rule_set r using (version)
         order by a.number desc limit 1`
      : 'select document from routing.rule_set where version = $1',
    version === undefined ? [] : [version],
  )
  return row?.document
}

/**
 * Writes observations down; a later one of an attempt takes the place of the earlier. Each attempt
 * may stand in the list once.
 */
export async function keepObservations(
  tx: Tx,
  observations: readonly Observation[],
  at: Instant,
): Promise<void> {
  const column = (of: (observation: Observation) => string) => textColumn(observations.map(of))
  await tx.query(
    `insert into routing.observation
       (attempt, direction, channel, bank, account_type, verdict, code, made_at, at, recorded_at)
     select u.*, $10 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
       $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[])
       as u (attempt, direction, channel, bank, account_type, verdict, code, made_at, at)
     on conflict (attempt) do update set verdict = excluded.verdict, code = excluded.code,
       bank = excluded.bank, account_type = excluded.account_type,
       at = excluded.at, recorded_at = excluded.recorded_at
       where observation.at <= excluded.at`,
    [
      column(({ attempt }) => attempt),
      column(({ direction }) => direction),
      column(({ channel }) => channel),
      column(({ bank }) => bank),
      column(({ accountType }) => accountType),
      column(({ verdict }) => verdict),
      column(({ code }) => code),
      instantColumn(observations.map(({ madeAt }) => madeAt)),
      instantColumn(observations.map(({ at: endedAt }) => endedAt)),
      new Date(at),
    ],
  )
}

/** The most that are read at once: the newest; far more than a window of health looks at. */
const READ_MOST = 200_000

/** Observations written down at or after an instant, in the order in which the attempts ended. */
export async function readObservations(tx: Tx, since: Instant): Promise<Observation[]> {
  const rows = await tx.query<
    CellRow & {
      attempt: string
      verdict: Observation['verdict']
      code: string
      made_at: Date
      at: Date
    }
  >(
    `select attempt, direction, channel, bank, account_type, verdict, code, made_at, at
     from (select * from routing.observation where recorded_at >= $1
           order by recorded_at desc limit $2) newest
     order by at, attempt`,
    [new Date(since), READ_MOST],
  )
  return rows.map((row) => ({
    ...cell(row),
    attempt: row.attempt,
    verdict: row.verdict,
    code: row.code,
    madeAt: row.made_at.getTime(),
    at: row.at.getTime(),
  }))
}

/** Removes observations that no longer matter. */
export async function dropObservations(tx: Tx, before: Instant): Promise<void> {
  await tx.query('delete from routing.observation where recorded_at < $1', [new Date(before)])
}

export async function keepLearnt(tx: Tx, learnt: Learnt): Promise<void> {
  const instant = (at: Instant | undefined) => (at === undefined ? null : new Date(at))
  await tx.query(
    `insert into routing.learnt_permission
       (direction, channel, bank, account_type, refusals, learnt_at, expires_at, evidence)
     values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)
     on conflict (direction, channel, bank, account_type) do update
       set refusals = excluded.refusals, learnt_at = excluded.learnt_at,
           expires_at = excluded.expires_at, evidence = excluded.evidence`,
    [
      ...keys(learnt),
      learnt.refusals,
      instant(learnt.learntAt),
      instant(learnt.expiresAt),
      JSON.stringify(learnt.evidence),
    ],
  )
}

/** Forgets a lesson; false when there was none. */
export async function dropLearnt(tx: Tx, of: Cell): Promise<boolean> {
  const rows = await tx.query(
    `delete from routing.learnt_permission
     where direction = $1 and channel = $2 and bank = $3 and account_type = $4 returning 1`,
    keys(of),
  )
  return rows.length > 0
}

export async function readLearnt(tx: Tx): Promise<Learnt[]> {
  const rows = await tx.query<
    CellRow & {
      refusals: number
      learnt_at: Date | null
      expires_at: Date | null
      evidence: Learnt['evidence']
    }
  >(
    `select direction, channel, bank, account_type, refusals, learnt_at, expires_at, evidence
     from routing.learnt_permission order by direction, channel, bank, account_type`,
  )
  return rows.map((row) => ({
    ...cell(row),
    refusals: row.refusals,
    evidence: row.evidence,
    ...(row.learnt_at !== null && { learntAt: row.learnt_at.getTime() }),
    ...(row.expires_at !== null && { expiresAt: row.expires_at.getTime() }),
  }))
}

function cell({ direction, channel, bank, account_type: accountType }: CellRow): Cell {
  return { direction, channel, bank, accountType }
}

function keys({ direction, channel, bank, accountType }: Cell): string[] {
  return [direction, channel, bank, accountType]
}

/** Notes the channels of this server for tools; those it no longer has are removed. */
export async function noteChannels(
  tx: Tx,
  channels: readonly { readonly name: string; readonly capability: unknown }[],
  at: Instant,
): Promise<void> {
  const names = channels.map(({ name }) => name)
  await tx.query(
    `insert into routing.channel (name, capability, noted_at)
     select u.name, u.capability, $3 from unnest($1::text[], $2::jsonb[]) as u (name, capability)
     on conflict (name) do update
       set capability = excluded.capability, noted_at = excluded.noted_at`,
    [names, channels.map(({ capability }) => JSON.stringify(capability)), new Date(at)],
  )
  await tx.query('delete from routing.channel where name <> all ($1::text[])', [names])
}

/** The capability matrices as they were noted, amounts as text. */
export async function readChannels(tx: Tx): Promise<unknown[]> {
  const rows = await tx.query<{ capability: unknown }>(
    'select capability from routing.channel order by name',
  )
  return rows.map(({ capability }) => capability)
}
