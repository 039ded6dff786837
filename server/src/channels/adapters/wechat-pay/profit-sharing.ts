/**
 * Profit sharing (分账): parts of a collection go to receivers WeChat Pay knows. An order made for it
 * keeps its money frozen until the rest is unfrozen. Beyond the port: only this rail has it.
 *
 * The one thing to get wrong: `succeeded` means that a sharing is finished, not that every receiver
 * got their part; what became of each stands in `parts`.
 */
import type { Personal } from '#base'
import type { SendOptions } from '../../payment-channel.ts'
import { ChannelUnavailable, type NotSent, type Outcome } from '../../port.ts'
import { unsettled } from '../../unreplied.ts'
import { type Json, PATHS } from './spec.ts'
import { isNotFound, resultOf } from './status.ts'
import {
  exchange,
  type Fields,
  fenOf,
  fieldsIn,
  textOf,
  type Wire,
  type WireReply,
} from './wire.ts'

export interface ShareReceiver {
  readonly type: 'MERCHANT_ID' | 'PERSONAL_OPENID'
  readonly account: string
  /** Of a person or, for a merchant, its full name; sent encrypted. */
  readonly name?: Personal
  /** Minor units. */
  readonly amount: bigint
  readonly description: string
}

export interface ShareOrder {
  /** Ours, unique for ever. */
  readonly reference: string
  /** WeChat Pay's number of the collection. */
  readonly channelReference: string
  readonly receivers: readonly ShareReceiver[]
  /** Gives us what is left; nothing can be shared after that. */
  readonly unfreezeRest: boolean
}

export interface SharePart {
  readonly account: string
  readonly amount: bigint
  readonly result: Outcome['result']
  /** Why a part failed, as it came. */
  readonly code: string
}

export interface ShareOutcome extends Outcome {
  readonly parts: readonly SharePart[]
}

export interface ShareReturn {
  readonly reference: string
  /** Our reference of the sharing. */
  readonly share: string
  /** The merchant that gives the money back. */
  readonly from: string
  readonly amount: bigint
  readonly description: string
}

type NotFound = { readonly result: 'not_found'; readonly code: string; readonly message: string }

export interface ProfitSharing {
  /** Names a receiver; only named ones get a part. Naming one again changes nothing. */
  addReceiver(
    receiver: Pick<ShareReceiver, 'type' | 'account' | 'name'> & {
      /** WeChat Pay's word, such as `PARTNER`, `SUPPLIER` or `USER`. */
      readonly relation: string
    },
  ): Promise<Outcome | NotSent>
  share(order: ShareOrder, options: SendOptions): Promise<ShareOutcome | NotSent>
  /** Ends sharing and gives us what is left. */
  unfreeze(
    order: Pick<ShareOrder, 'reference' | 'channelReference'> & { readonly description: string },
    options: SendOptions,
  ): Promise<ShareOutcome | NotSent>
  query(share: Pick<ShareOrder, 'reference' | 'channelReference'>): Promise<ShareOutcome | NotFound>
  /** Takes a part back from a merchant it went to, so that the collection can be refunded. */
  returnShare(order: ShareReturn, options: SendOptions): Promise<Outcome | NotSent>
  queryReturn(order: Pick<ShareReturn, 'reference' | 'share'>): Promise<Outcome | NotFound>
  /** Minor units of a collection that can still be shared. Throws `ChannelUnavailable`. */
  left(channelReference: string): Promise<bigint>
}

export function profitSharing(wire: Wire): ProfitSharing {
  const [serial, key] = [...wire.keys.platform][0]!
  const sealed = (name: Personal | undefined) =>
    name &&
    key.seal(Buffer.from(name.reveal('wechat pay: name a receiver of shares'))).toString('base64')
  return {
    async addReceiver({ type, account, name, relation }) {
      const fields = {
        appid: wire.merchant.appId,
        type,
        account,
        name: sealed(name),
        relation_type: relation,
      }
      const request = { method: 'POST', path: PATHS.receiver, fields, sealedFor: serial } as const
      const reply = await exchange(wire, request)
      return refusalOf(reply) ?? { result: 'succeeded', code: 'ADDED', message: '' }
    },
    async share(order, { sendBeforeMono }) {
      const receivers = order.receivers.map(({ type, account, name, amount, description }) => ({
        type,
        account,
        name: sealed(name),
        amount,
        description,
      }))
      const fields: Json = {
        appid: wire.merchant.appId,
        transaction_id: order.channelReference,
        out_order_no: order.reference,
        receivers,
        unfreeze_unsplit: order.unfreezeRest,
      }
      const path = PATHS.share
      const request = { method: 'POST', path, fields, sendBeforeMono, sealedFor: serial } as const
      return shareOutcome(order.reference, await exchange(wire, request))
    },
    async unfreeze(order, { sendBeforeMono }) {
      const fields = {
        transaction_id: order.channelReference,
        out_order_no: order.reference,
        description: order.description,
      }
      const request = { method: 'POST', path: PATHS.unfreeze, fields, sendBeforeMono } as const
      return shareOutcome(order.reference, await exchange(wire, request))
    },
    async query({ reference, channelReference }) {
      const path = `${PATHS.share}/${reference}?transaction_id=${channelReference}`
      const reply = await exchange(wire, { method: 'GET', path })
      const none = notFound(reply)
      if (none !== undefined) return none
      const outcome = shareOutcome(reference, reply, 'unknown')
      return outcome.result === 'not_sent' ? { ...notAsked(outcome), parts: [] } : outcome
    },
    async returnShare(order, { sendBeforeMono }) {
      const fields = {
        out_order_no: order.share,
        out_return_no: order.reference,
        return_mchid: order.from,
        amount: order.amount,
        description: order.description,
      }
      const request = { method: 'POST', path: PATHS.shareReturn, fields, sendBeforeMono } as const
      return returnOutcome(order.reference, await exchange(wire, request))
    },
    async queryReturn({ reference, share }) {
      const path = `${PATHS.shareReturn}/${reference}?out_order_no=${share}`
      const reply = await exchange(wire, { method: 'GET', path })
      const none = notFound(reply)
      if (none !== undefined) return none
      const outcome = returnOutcome(reference, reply, 'unknown')
      return outcome.result === 'not_sent' ? notAsked(outcome) : outcome
    },
    async left(channelReference) {
      const reply = await exchange(wire, { method: 'GET', path: PATHS.shareable(channelReference) })
      const left = reply.kind === 'replied' ? fenOf(reply.fields, 'unsplit_amount') : undefined
      if (left !== undefined) return left
      throw new ChannelUnavailable('WeChat Pay did not say how much can still be shared')
    },
  }
}

const notAsked = ({ message }: NotSent): Outcome => ({
  result: 'unknown',
  code: 'NOT_SENT',
  message,
})

function notFound(reply: WireReply): NotFound | undefined {
  if (reply.kind !== 'replied' || reply.status !== 404 || !isNotFound(reply.code)) return undefined
  return { result: 'not_found', code: reply.code, message: reply.message }
}

/** What a reply without a sharing in it is worth; a refused question says nothing about the money. */
function refusalOf(reply: WireReply, refused?: 'unknown'): Outcome | NotSent | undefined {
  if (reply.kind !== 'replied') return unsettled(reply)
  if (reply.code === '') return undefined
  const result = refused ?? resultOf('share_error', reply.code)
  return { result, code: reply.code, message: reply.message }
}

const OTHER: Outcome = {
  result: 'unknown',
  code: 'OTHER_REFERENCE',
  message: 'the reply is about another sharing',
}

function shareOutcome(
  reference: string,
  reply: WireReply,
  refused?: 'unknown',
): ShareOutcome | NotSent {
  const refusal = refusalOf(reply, refused)
  if (refusal?.result === 'not_sent') return refusal
  if (refusal !== undefined) return { ...refusal, parts: [] }
  const fields = (reply as Extract<WireReply, { kind: 'replied' }>).fields
  if (textOf(fields, 'out_order_no') !== reference) return { ...OTHER, parts: [] }
  const state = textOf(fields, 'state')
  const number = textOf(fields, 'order_id')
  return {
    result: resultOf('share_state', state),
    code: state === '' ? 'NO_STATE' : state,
    message: '',
    ...(number === '' ? {} : { bankReference: number }),
    parts: partsOf(fields),
  }
}

function partsOf(fields: Fields): SharePart[] {
  const parts: unknown = fields.receivers
  if (!Array.isArray(parts)) return []
  return parts.flatMap((part: unknown) => {
    const each = fieldsIn(part)
    const amount = fenOf(each, 'amount')
    if (amount === undefined) return []
    const state = textOf(each, 'result')
    return [
      {
        account: textOf(each, 'account'),
        amount,
        result: resultOf('share_part_state', state),
        code: textOf(each, 'fail_reason') || state,
      },
    ]
  })
}

function returnOutcome(
  reference: string,
  reply: WireReply,
  refused?: 'unknown',
): Outcome | NotSent {
  const refusal = refusalOf(reply, refused)
  if (refusal !== undefined) return refusal
  const fields = (reply as Extract<WireReply, { kind: 'replied' }>).fields
  if (textOf(fields, 'out_return_no') !== reference) return OTHER
  const state = textOf(fields, 'result')
  const number = textOf(fields, 'return_id')
  const amount = fenOf(fields, 'amount')
  return {
    result: resultOf('share_return_state', state),
    code: state === '' ? 'NO_STATE' : state,
    message: textOf(fields, 'fail_reason'),
    ...(number === '' ? {} : { bankReference: number }),
    ...(amount === undefined ? {} : { amount }),
  }
}
