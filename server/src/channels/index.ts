/** The door to banks: the port every bank stands behind, and the desk that sends, asks and records. */

export { type AlipaySettings, alipay } from './adapters/alipay/adapter.ts'
export {
  type BankDirect,
  type BankDirectSettings,
  bankDirect,
  type Permission,
} from './adapters/bank-direct/adapter.ts'
export type { Receipt } from './adapters/bank-direct/receipt.ts'
export { type CustodyBankSettings, custodyBank } from './adapters/custody-bank/adapter.ts'
export {
  type BatchOutcome,
  type Netsunion,
  type NetsunionSettings,
  netsunion,
} from './adapters/netsunion/adapter.ts'
export {
  type OfflineTransferSettings,
  offlineTransfer,
  type TransferSlip,
} from './adapters/offline-transfer/adapter.ts'
export {
  type AwaitedTransfer,
  type IncomingTransfer,
  type MatchedBy,
  matchTransfer,
  type TransferMatch,
} from './adapters/offline-transfer/match.ts'
export { showCode, transferCode } from './adapters/offline-transfer/transfer-code.ts'
export { type UnionPaySettings, unionpay } from './adapters/unionpay/adapter.ts'
export {
  type WechatPayChannel,
  type WechatPaySettings,
  type WechatPayWorld,
  wechatPay,
} from './adapters/wechat-pay/adapter.ts'
export type {
  ProfitSharing,
  ShareOrder,
  ShareOutcome,
  SharePart,
  ShareReceiver,
  ShareReturn,
} from './adapters/wechat-pay/profit-sharing.ts'
export type { WechatScheme } from './adapters/wechat-pay/signature.ts'
export type {
  Capability,
  Fee,
  Limit,
  Maintenance,
  OpenHours,
  RefundTerms,
  Scope,
  SettlementTerms,
} from './capability.ts'
export { type DeskOptions, isBookedSince } from './context.ts'
export { createDesk, type Desk, type NoticeTaken } from './desk.ts'
export { type ChannelRoutes, channelRoutes } from './http.ts'
export type { InboundTaken } from './inbound.ts'
export type { Instruction, Intent } from './instruction.ts'
export { CHANNEL_PROBLEMS } from './notice-refusals.ts'
export type { ChannelOwner, Parts } from './owner.ts'
export {
  ACCOUNT_TYPES,
  type AccountType,
  ASK_AFTER_MS,
  type BankLine,
  type BankLines,
  type BankParty,
  type Callback,
  type CallbackReply,
  type CallbackRequest,
  type ChannelFile,
  type ChannelFileProblem,
  type ChannelFileRow,
  COLLECT_METHODS,
  type CollectMethod,
  type CollectOrder,
  DIRECTIONS,
  type Direction,
  type PayerAction,
  type PaymentAnswer,
  type PaymentChannel,
  type PaymentOutcome,
  type PaymentTiming,
  type PayOrder,
  type PayoutReturned,
  type Question,
  type RefundOrder,
  type SendOptions,
} from './payment-channel.ts'
export { bookOfPaymentReference, paymentReference } from './payment-reference.ts'
export {
  type Answer,
  type ChannelCall,
  type ChannelTiming,
  ChannelUnavailable,
  type CustodyChannel,
  FILE_KINDS,
  type FileKind,
  type Inbound,
  type NoticeRefusal,
  type NoticeRequest,
  type NotSent,
  type Operation,
  type Outcome,
  type PayLeg,
  type Result,
  type StatementFile,
  type StatementProblem,
  type StatementRow,
  type SubAccountBalance,
} from './port.ts'
export { channelSettings } from './settings.ts'
export {
  INSTRUCTION_MOVES,
  INSTRUCTION_STATES,
  type InstructionEvent,
  type InstructionState,
  isFinal,
  next,
} from './states.ts'
export { type Movement, STOPPED_LOOK_MS, type StopGate, type Stopped } from './stop-gate.ts'
export {
  findInstruction,
  listInbound,
  listInstructions,
  type RecordedInbound,
} from './store.ts'
