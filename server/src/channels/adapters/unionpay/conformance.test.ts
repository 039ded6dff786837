/** UnionPay against its simulator, by the suite of all channels: with RSA and with a shared key. */

import { Personal } from '#base'
import { startUnionPay, testKeys } from '../../../../../simulators/unionpay/index.ts'
import { describeChannel } from '../../../../testing/conformance.ts'
import { unionpay } from './adapter.ts'
import type { SignatureSettings } from './signature.ts'
import {
  QUESTION_CODES,
  REPLY_CODES,
  resultOfOrder,
  resultOfQuestion,
  resultOfReply,
} from './status.ts'

const MER_ID = '777290058110048'
const keys = testKeys()

const SIGNATURES: readonly SignatureSettings[] = [
  {
    method: '01',
    privateKeyPem: keys.merchantKeyPem,
    certPem: keys.merchantCertPem,
    encryptCertPem: keys.encryptCertPem,
    rootPem: keys.rootPem,
    middlePems: [keys.middlePem],
  },
  { method: '11', key: keys.secureKey },
  { method: '12', key: keys.secureKey },
]

const party = {
  name: new Personal('name', '李秀英'),
  account: new Personal('card', '6222600260001072444'),
  bank: 'ICBC',
  accountType: 'personal' as const,
  idNumber: new Personal('id_number', '440524188001010014'),
  mobile: new Personal('phone', '13800003456'),
}

for (const signature of SIGNATURES) {
  describeChannel(`UnionPay, signMethod ${signature.method}`, {
    async start({ net, clock, wall, callbackUrl, onSettlement }) {
      const rail = await startUnionPay({ callbackUrl, onSettlement })
      const channelOf = (merId: string) =>
        unionpay(
          {
            url: rail.url,
            merId,
            backUrl: callbackUrl,
            signature,
            timing: { timeoutMs: 300 },
          },
          { net, clock, wall },
        )
      return {
        channel: channelOf(MER_ID),
        otherMerchant: channelOf('777290058110049'),
        rail,
        close: () => rail.close(),
      }
    },
    traits: {
      notices: ['collect', 'pay', 'refund'],
      signsTime: false,
      files: true,
      carriedByPayer: [],
      reference: /^[0-9A-Za-z]{8,32}$/,
      returns: [],
    },
    statuses: [
      { name: 'replies to orders', listed: REPLY_CODES, resultOf: resultOfReply },
      { name: 'outcomes', listed: REPLY_CODES, resultOf: resultOfOrder },
      {
        name: 'questions',
        listed: QUESTION_CODES,
        resultOf: resultOfQuestion,
      },
    ],
    collect: () => ({
      method: 'collection',
      subject: '购房款',
      expiresAt: Date.UTC(2026, 2, 4),
      payer: party,
    }),
    pay: () => ({ payee: { ...party, accountType: 'corporate' }, memo: '佣金' }),
  })
}
