/** The contracts of stops on the wire. */
import { type Static, type TProperties, Type } from 'typebox'
import { FREEZE_BOOK_STATES, PAUSE_STATES, STOP_DIRECTIONS } from './states.ts'

const closed = { additionalProperties: false }
const Part = <P extends TProperties>(id: string, properties: P) =>
  Type.Object(properties, { ...closed, $id: id })

const oneOf = <const V extends readonly string[]>(values: V) =>
  Type.Unsafe<V[number]>({ type: 'string', enum: [...values] })

const words = (what: string, most: number) =>
  Type.String({
    minLength: 1,
    maxLength: most,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description: `${what} without control characters, at most ${most}`,
  })

const id = (prefix: string, what: string) =>
  Type.String({
    pattern: `^${prefix}_0_[0-9a-f]{32}$`,
    description: `the id of ${what}, such as ${prefix}_0_019a2b3c4d5e7f708192a3b4c5d6e7f8`,
  })

export const PauseId = id('stop', 'a pause')
export const FreezeId = id('frz', 'an order to freeze')

const Channel = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,40}$',
  description: 'the name of a channel, such as wechat',
})
const BookId = Type.String({
  pattern: '^book_[1-9][0-9]{0,8}$',
  description: 'the id of a book, such as book_7',
})
const Holder = Type.String({
  pattern: '^[a-z]{2,5}_(0|[1-9][0-9]{0,8})_[0-9a-f]{32}$',
  description: 'the id that accounts name as their holder: a party, or a merchant',
})
const At = Type.String({ maxLength: 40, description: 'an instant, such as 2026-12-31T16:00:00Z' })

export const NewPauseBody = Part('NewPause', {
  channel: Type.Optional(Channel),
  direction: Type.Optional(oneOf(STOP_DIRECTIONS)),
  book: Type.Optional(BookId),
  merchant: Type.Optional(Holder),
  /** A scope that names nothing must be meant. */
  everything: Type.Optional(Type.Literal(true)),
  reason: words('a reason', 200),
})

export type NewPauseJson = Static<typeof NewPauseBody>

export const PausePart = Part('Pause', {
  id: PauseId,
  channel: Type.Optional(Type.String()),
  direction: Type.Optional(oneOf(STOP_DIRECTIONS)),
  book: Type.Optional(Type.String()),
  merchant: Type.Optional(Type.String()),
  reason: Type.String(),
  status: oneOf(PAUSE_STATES),
  paused_by: Type.String(),
  paused_at: Type.String(),
  approval: Type.Optional(Type.String()),
  resumed_at: Type.Optional(Type.String()),
})

export type PauseJson = Static<typeof PausePart>

export const PauseQuery = Type.Object(
  {
    status: Type.Optional(
      Type.Union([Type.Literal('paused'), Type.Literal('all')], {
        description: '`paused`: those that stand. `all`: those that were ended, too.',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  },
  closed,
)

export const PausePage = Type.Object({ data: Type.Array(PausePart) }, closed)

export const NewFreezeBody = Part('NewFreeze', {
  holder: Holder,
  order_number: words('the number of the order', 100),
  authority: words('who ordered it', 100),
  reason: words('a reason', 200),
  /** It ends by itself then; without, when two persons lift it. */
  until: Type.Optional(At),
})

export type NewFreezeJson = Static<typeof NewFreezeBody>

export const FreezeParams = Type.Object({ id: FreezeId }, closed)

export const FreezePart = Part('Freeze', {
  id: FreezeId,
  holder: Type.String(),
  order_number: Type.String(),
  authority: Type.String(),
  reason: Type.String(),
  /** `in_force`: every book has acknowledged it. `ended`: every book has opened the accounts again. */
  status: oneOf(['ordered', 'in_force', 'ending', 'ended'] as const),
  until: Type.Optional(Type.String()),
  ordered_by: Type.String(),
  ordered_at: Type.String(),
  approval: Type.Optional(Type.String()),
  books: Type.Array(
    Part('FreezeInBook', {
      book: Type.String(),
      status: oneOf(['pending', ...FREEZE_BOOK_STATES] as const),
      /** The party's accounts in the book, closed ones left out. */
      accounts: Type.Optional(Type.Integer()),
      /** Why it has not acknowledged the order, or its end. */
      why: Type.Optional(Type.String()),
    }),
  ),
})

export type FreezeJson = Static<typeof FreezePart>
