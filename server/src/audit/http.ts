/** Routes of the audit log: who did what, and the signed checkpoints that hold it in place. */
import { Type } from 'typebox'
import { type Instant, type Journal, parseInstant, type Route, route, writeInstant } from '#base'
import { lineHash, readCheckpoint } from './checkpoint.ts'
import type { AuditReads, EntryPlace, RecordedEntry } from './reads.ts'
import { auditProblem } from './refusals.ts'

const closed = { additionalProperties: false }
const tags = ['audit']
const read = { permission: 'audit.read' }
const Word = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }))
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200 }))
const EntryId = Type.String({
  pattern: '^(0|[1-9][0-9]{0,8})-[1-9][0-9]{0,14}$',
  description: 'book and number of an entry; the book of configuration is 0',
})

const EntryQuery = Type.Object(
  {
    object: Word('the public id of what was changed'),
    actor: Word('the public id of the user or key'),
    person: Word('the natural person, through whatever user or key'),
    action: Word('such as identity.grant_role'),
    since: Word('from this time on'),
    until: Word('before this time'),
    limit: Limit,
    starting_after: Type.Optional(EntryId),
  },
  closed,
)

const EntryPart = Type.Object(
  {
    id: EntryId,
    at: Type.String(),
    actor: Type.Object({ kind: Type.String(), id: Type.String(), person: Type.String() }, closed),
    from: Type.String({ description: 'The address; empty for the platform itself.' }),
    action: Type.String(),
    object: Type.String(),
    before: Type.Optional(Type.Unknown({ description: 'Absent for what is new.' })),
    after: Type.Optional(Type.Unknown({ description: 'Absent for what is gone.' })),
    approval: Type.Union([Type.String(), Type.Null()]),
    request_id: Type.Union([Type.String(), Type.Null()]),
    hash: Type.String({ description: 'SHA-256 of the entry and the one before it, hex.' }),
  },
  { ...closed, $id: 'AuditEntry' },
)
const EntryPage = Type.Object({ data: Type.Array(EntryPart), has_more: Type.Boolean() }, closed)

const CheckpointPart = Type.Object(
  {
    number: Type.Integer(),
    at: Type.String(),
    root: Type.String({ description: 'RFC 6962 tree hash over the ends of all chains, hex.' }),
    hash: Type.String({ description: 'SHA-256 of its line, which the next one names, hex.' }),
    key: Type.String({ description: 'The public ed25519 key that signed it, base64.' }),
  },
  { ...closed, $id: 'AuditCheckpoint' },
)
const CheckpointPage = Type.Object({ data: Type.Array(CheckpointPart) }, closed)

export interface AuditRoutes {
  readonly reads: AuditReads
  /** The folder this server writes checkpoints to. */
  readonly journal: Journal
}

/** The routes under `/v1/audit`. */
export function auditRoutes({ reads, journal }: AuditRoutes): Route[] {
  return [entriesRoute(reads), checkpointsRoute(journal)]
}

function entriesRoute(reads: AuditReads): Route {
  return route({
    method: 'GET',
    path: '/v1/audit',
    name: 'listAuditEntries',
    summary:
      'Who did what to what, from where, and what it was before and after; the newest first.',
    tags,
    policy: read,
    query: EntryQuery,
    replies: { 200: EntryPage },
    handle: async ({ query, caller }) => {
      const { limit = 50, starting_after: after, since, until, ...words } = query
      const times: { since?: Instant; until?: Instant } = {}
      for (const [name, text] of Object.entries({ since, until })) {
        if (text === undefined) continue
        const instant = parseInstant(text)
        if (instant === undefined) {
          return { problem: auditProblem('audit_time_malformed', `/query/${name}`) }
        }
        times[name as keyof typeof times] = instant
      }
      const found = await reads.entries({
        ...{ ...words, ...times, orgId: caller.orgId, limit: limit + 1 },
        ...(after !== undefined && { after: placeOf(after) }),
      })
      if (found === undefined) return { problem: auditProblem('audit_entry_not_found') }
      const data = found.slice(0, limit).map(entryJson)
      return { status: 200, body: { data, has_more: found.length > limit } }
    },
  })
}

function checkpointsRoute(journal: Journal): Route {
  return route({
    method: 'GET',
    path: '/v1/audit/checkpoints',
    name: 'listAuditCheckpoints',
    summary: 'The last signed checkpoints over all chains, the newest first. Keep one elsewhere.',
    tags,
    policy: read,
    query: Type.Object({ limit: Limit }, closed),
    replies: { 200: CheckpointPage },
    handle: async ({ query: { limit = 20 } }) => {
      const data = (await lastLines(journal, limit)).flatMap((line) => {
        const checkpoint = readCheckpoint(line)
        if (checkpoint === undefined) return []
        const { n, at, root, key } = checkpoint
        return [{ number: n, at: writeInstant(at), root, hash: lineHash(line), key }]
      })
      return { status: 200, body: { data } }
    },
  })
}

async function lastLines(journal: Journal, limit: number): Promise<string[]> {
  const last: string[] = []
  for (const name of (await journal.names()).reverse()) {
    last.push(...(await journal.lines(name)).reverse())
    if (last.length >= limit) break
  }
  return last.slice(0, limit)
}

function placeOf(id: string): EntryPlace {
  const [book, seq] = id.split('-').map(Number)
  return { book: book!, seq: seq! }
}

function entryJson(entry: RecordedEntry) {
  const { book, seq, at, actor, from, action, object, approval, requestId, hash } = entry
  return {
    id: `${book}-${seq}`,
    at: writeInstant(at),
    actor: { ...actor },
    ...{ from, action, object, hash },
    ...('before' in entry && { before: entry.before }),
    ...('after' in entry && { after: entry.after }),
    ...{ approval: approval ?? null, request_id: requestId ?? null },
  }
}
