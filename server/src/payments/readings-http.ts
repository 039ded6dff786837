/** The route that reads a channel's file or bank lines at once, instead of when they are due. */
import { type Static, Type } from 'typebox'
import { type Route, route } from '#base'
import type { ChannelFileProblem } from '#channels'
import type { PaymentsContext } from './context.ts'
import type { FileRead, Outflows } from './outflows.ts'
import { bookOf } from './payment-wire.ts'
import { paymentProblem } from './refusals.ts'

const closed = { additionalProperties: false }
const Params = Type.Object({ channel: Type.String({ pattern: '^[a-z][a-z0-9-]{0,40}$' }) }, closed)

const NewReading = Type.Object(
  {
    book: Type.String({ pattern: '^book_[1-9][0-9]{0,8}$', description: 'the id of a book' }),
    /** The day whose file is read; the bank's lines when absent. */
    date: Type.Optional(
      Type.String({ pattern: '^[0-9]{8}$', description: 'a business date, yyyymmdd' }),
    ),
  },
  { ...closed, $id: 'NewReading' },
)

const FILE_READ = ['taken', 'known', 'changed', 'not_ready', 'unreachable', 'refused'] as const

const ReadingPart = Type.Object(
  {
    channel: Type.String(),
    /** How many lines were new; absent where the channel has none, or a file was read. */
    lines: Type.Optional(Type.Integer()),
    file: Type.Optional(
      Type.Object(
        {
          date: Type.String(),
          /** `taken` now, `known` before, `changed` since it was taken; otherwise why there is none. */
          status: Type.Unsafe<(typeof FILE_READ)[number]>({ type: 'string', enum: [...FILE_READ] }),
          says: Type.Optional(Type.String()),
          rows: Type.Optional(Type.Integer()),
          settled: Type.Optional(
            Type.String({ description: 'what the rail settles for the day, minor units' }),
          ),
          settlement_reference: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
  },
  { ...closed, $id: 'Reading' },
)

/** Reads what a channel has to tell, now. Read twice it books nothing twice. */
export function readingRoutes(context: PaymentsContext, flows: Outflows): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/channels/{channel}/readings',
      name: 'readChannel',
      summary: "Reads a day's file of a channel, or the lines of a bank, at once.",
      tags: ['channels'],
      policy: { permission: 'books.write' },
      params: Params,
      body: NewReading,
      replies: { 200: ReadingPart },
      handle: async ({ params: { channel }, body: { book: id, date } }) => {
        const book = bookOf(id)
        context.ledger.writer(book)
        if (context.desk.channelOrNone(channel) === undefined) {
          return { problem: paymentProblem('channel_not_found') }
        }
        if (date !== undefined) {
          const read = await flows.readFile(book, channel, date)
          return { status: 200, body: { channel, file: { date, ...fileRead(read) } } }
        }
        const lines = await flows.readLines(book, channel)
        return { status: 200, body: { channel, ...(lines === undefined ? {} : { lines }) } }
      },
    }),
  ]
}

function fileRead(
  read: FileRead | ChannelFileProblem,
): Omit<NonNullable<Static<typeof ReadingPart>['file']>, 'date'> {
  if ('problem' in read) return { status: read.problem, says: read.says }
  const { rows, settled, settlementReference: reference } = read.file
  return {
    status: read.taken,
    rows: rows.length,
    settled: settled.toString(),
    settlement_reference: reference,
  }
}
