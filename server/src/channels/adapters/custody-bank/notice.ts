/** Notices of the bank: first the signature on the bytes as they came, then the fields. */
import { Personal } from '#base'
import { isMoneyRefusal, parseDecimal } from '#money'
import type { Inbound, Notice, NoticeRefusal, NoticeRequest } from '../../port.ts'
import { checkNotice } from './signature.ts'
import type { Fields } from './spec.ts'
import { resultOfStatus } from './status.ts'
import type { Wire } from './wire.ts'

const text = (fields: Fields, name: string): string => {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

const malformed = (name: string): NoticeRefusal => ({
  refused: 'malformed',
  says: `The field ${name} of the notice is missing or malformed.`,
})

/** Reads a notice; never throws, whatever the bytes are. */
export function readNotice(wire: Wire, request: NoticeRequest): Notice | NoticeRefusal {
  const verdict = checkNotice(wire.bankKey, { ...request, wall: wire.wall.now() })
  if (verdict === 'forged') {
    return { refused: 'forged', says: 'The notice is not signed by the bank.' }
  }
  if (verdict === 'stale') {
    return { refused: 'stale', says: 'The notice was signed too long ago; sign it afresh.' }
  }
  let fields: Fields
  try {
    const value: unknown = JSON.parse(Buffer.from(request.body).toString('utf8'))
    if (typeof value !== 'object' || value === null) return malformed('body')
    fields = value as Fields
  } catch {
    return malformed('body')
  }
  const ours =
    text(fields, 'MrchCode') === wire.mrchCode && text(fields, 'FundSummaryAcctNo') === wire.poolNo
  if (!ours) return { refused: 'other_pool', says: 'The notice is about a pool that is not ours.' }
  const id = text(fields, 'NoticeId')
  if (!/^[0-9A-Za-z-]{1,64}$/.test(id)) return malformed('NoticeId')
  switch (text(fields, 'Event')) {
    case 'InboundTransfer':
      return inboundNotice(id, fields)
    case 'WithdrawReturned':
      return inboundNotice(id, fields, text(fields, 'OldMarketSeqNo'))
    case 'WithdrawResult':
      return outcomeNotice(id, fields)
    default:
      return { refused: 'unknown_event', says: 'The notice tells of an event that is not known.' }
  }
}

function inboundNotice(id: string, fields: Fields, returnOf?: string): Notice | NoticeRefusal {
  const inbound = readInbound(fields)
  if ('refused' in inbound) return inbound
  if (returnOf === undefined) return { kind: 'inbound', id, inbound }
  const returned = { ...inbound, kind: 'returned' as const, ...(returnOf && { returnOf }) }
  return { kind: 'inbound', id, inbound: returned }
}

function outcomeNotice(id: string, fields: Fields): Notice | NoticeRefusal {
  const amount = parseDecimal(text(fields, 'TranAmt'), 'CNY', { exact: true })
  if (isMoneyRefusal(amount)) return malformed('TranAmt')
  const reference = text(fields, 'TranNetSeqNo')
  if (reference === '') return malformed('TranNetSeqNo')
  return {
    kind: 'outcome',
    id,
    reference,
    outcome: {
      result: resultOfStatus(text(fields, 'TranStatus')),
      code: text(fields, 'TranStatus'),
      message: text(fields, 'FailMsg'),
      bankReference: text(fields, 'FrontSeqNo'),
      amount,
    },
  }
}

/** A row of the inbound list (6050), or a notice with its fields. */
export function readInbound(fields: Fields): Inbound | NoticeRefusal {
  const amount = parseDecimal(text(fields, 'TranAmt'), 'CNY', { exact: true })
  if (isMoneyRefusal(amount) || amount <= 0n) return malformed('TranAmt')
  const flow = text(fields, 'FrontSeqNo')
  if (!/^[0-9A-Za-z]{1,52}$/.test(flow)) return malformed('FrontSeqNo')
  const subAccount = text(fields, 'SubAcctNo')
  if (!/^\d{1,50}$/.test(subAccount)) return malformed('SubAcctNo')
  const type = text(fields, 'InAcctType')
  if (type !== '02' && type !== '03') return malformed('InAcctType')
  const date = text(fields, 'AccountingDate')
  if (!/^\d{8}$/.test(date)) return malformed('AccountingDate')
  const currency = text(fields, 'Ccy')
  const name = text(fields, 'InAcctName')
  const account = text(fields, 'InAcctNo')
  return {
    flow,
    subAccount,
    amount,
    currency: currency === 'RMB' ? 'CNY' : currency,
    kind: type === '02' ? 'credited' : 'suspense',
    ...(name === '' ? {} : { payerName: new Personal('name', name) }),
    ...(account === '' ? {} : { payerAccount: new Personal('card', account) }),
    memo: text(fields, 'Remark'),
    date,
  }
}
