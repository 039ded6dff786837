import { Type } from 'typebox'
import { type Received, type Route, route } from '#base'
import type { NoticeTaken } from './desk.ts'
import { channelProblem, noticeProblem } from './notice-refusals.ts'
import type { NoticeRequest } from './port.ts'

export interface ChannelRoutes {
  /** Takes a notice of a channel to its book; `undefined` when no such channel is attached. */
  takeNotice(channel: string, request: NoticeRequest): Promise<NoticeTaken> | undefined
}

const Params = Type.Object(
  { channel: Type.String({ pattern: '^[a-z][a-z0-9-]{0,40}$' }) },
  { additionalProperties: false },
)
/** Every bank has fields of its own; they are read by its adapter, after the signature. */
const NoticeBody = Type.Object({}, { additionalProperties: true })
const Taken = Type.Object({ status: Type.Literal('taken') }, { additionalProperties: false })

/** The address banks send their notices to. A notice is taken once however often it comes. */
export function channelRoutes({ takeNotice }: ChannelRoutes): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/channels/{channel}/notices',
      name: 'takeNotice',
      summary: 'Takes a notice of a bank, signed over its bytes as its channel agreed.',
      tags: ['channels'],
      policy: 'public',
      params: Params,
      body: NoticeBody,
      replies: { 200: Taken },
      handle: async ({ params, received }) => {
        const taken = await takeNotice(params.channel, requestOf(received))
        if (taken === undefined) return { problem: channelProblem('channel_not_found') }
        if (!taken.taken) return { problem: noticeProblem(taken.refusal) }
        return { status: 200, body: { status: 'taken' as const } }
      },
    }),
  ]
}

/** A header that came twice counts as missing: nobody could say which one was signed. */
function requestOf({ method, path, headers, body }: Received): NoticeRequest {
  const single = Object.entries(headers).filter(([, value]) => typeof value === 'string')
  return {
    method,
    path,
    headers: Object.fromEntries(single) as Record<string, string>,
    body: body ?? new Uint8Array(),
  }
}
