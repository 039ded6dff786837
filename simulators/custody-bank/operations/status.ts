/** Status of one instruction (6110), by the CnsmrSeqNo it was sent under. */
import { businessDate, businessTime } from '../clock.ts'
import { Refused } from '../codes.ts'
import { text } from '../fields.ts'
import { formatYuan } from '../money.ts'
import type { Operation } from './operation.ts'

/** Which operations each FunctionFlag asks about. */
const ASKED: Record<string, readonly string[]> = {
  '2': ['6007', '6163', '6139', '6140'],
  '3': ['6033'],
  '4': ['6211'],
}

/** `2` is "to be confirmed", said of withdrawals only. */
const TRAN_STATUS = { succeeded: '0', failed: '1', processing: '2' } as const

interface RequestRow {
  txn_code: string
  received_at: Date
  state: keyof typeof TRAN_STATUS | null
  booking_flag: string | null
  fen: bigint | null
  in_acct: string | null
  out_acct: string | null
  front_seq_no: string | null
  fail_msg: string | null
}

export const instructionStatus: Operation = async ({ tx, body, bank }) => {
  const seq = text(body, 'TranNetSeqNo')
  const [row] = await tx.query<RequestRow>(
    'select * from custody_bank.request where cnsmr_seq_no = $1',
    [seq],
  )
  const asked = ASKED[text(body, 'FunctionFlag')] ?? []
  if (row === undefined || row.state === null || !asked.includes(row.txn_code))
    throw new Refused('no_such_flow', seq)
  if (bank.faults.take('status') !== undefined) throw new Refused('no_such_flow', seq)
  const at = row.received_at.getTime()
  return {
    fields: {
      BookingFlag: row.booking_flag ?? 'N',
      TranStatus: TRAN_STATUS[row.state],
      TranAmt: formatYuan(row.fen ?? 0n),
      TranDate: businessDate(at),
      TranTime: businessTime(at),
      InSubAcctNo: row.in_acct ?? '',
      OutSubAcctNo: row.out_acct ?? '',
      FailMsg: row.fail_msg ?? '',
      OldTranFrontSeqNo: row.front_seq_no ?? '',
    },
  }
}
