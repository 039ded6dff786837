/** The shared suite against the bank's simulator. */

import {
  newKeyPair,
  privatePem,
  publicPem,
  startBankDirect,
} from '../../../../../simulators/bank-direct/index.ts'
import { describeChannel } from '../../../../testing/conformance.ts'
import { PAYEE } from '../../testing/payouts.ts'
import { type BankDirectKeys, bankDirect, readBankDirectKeys } from './adapter.ts'
import { ENDINGS, REFUSALS, resultOfReply, resultOfStatus, TAKEN, UNDER_WAY } from './status.ts'

const ours = newKeyPair()
const key = newKeyPair()
const account = '755947919810515'
let keys: BankDirectKeys | undefined
const sm4KeyHex = '0123456789abcdeffedcba9876543210'

describeChannel('bank direct', {
  async start({ net, rng, clock, wall, callbackUrl, onSettlement }) {
    const userId = 'N003261207'
    const rail = await startBankDirect({
      userId,
      account,
      sm4KeyHex,
      clientPublicKeyPem: publicPem(ours),
      key,
      callbackUrl,
      onSettlement,
    })
    const settings = {
      url: rail.url,
      userId,
      account,
      bank: 'CMB',
      privateKeyPem: privatePem(ours),
      bankPublicKeyPem: rail.bankPublicKeyPem,
      sm4KeyHex,
      firstDate: '20260101',
      timing: { timeoutMs: 400 },
    }
    keys ??= readBankDirectKeys(settings)
    const world = { net, rng, clock, wall }
    return {
      channel: bankDirect(settings, world, keys),
      otherMerchant: bankDirect({ ...settings, account: '755947919810999' }, world, keys),
      rail,
      close: () => rail.close(),
    }
  },
  traits: {
    notices: ['pay'],
    signsTime: true,
    files: true,
    carriedByPayer: [],
    reference: /^[0-9A-Z]{1,30}$/,
    returns: ['callback', 'list'],
  },
  statuses: [
    {
      name: 'codes of a record',
      listed: [...REFUSALS.keys()],
      resultOf: (code) => resultOfReply(code, '', ''),
    },
    {
      name: 'rtnFlg of a finished payment',
      listed: [...ENDINGS.keys()],
      resultOf: (code) => resultOfStatus('FIN', code),
    },
    {
      name: 'reqSts of a payment that is taken',
      listed: [...UNDER_WAY],
      resultOf: (code) => resultOfReply(TAKEN, code, ''),
    },
  ],
  pay: () => ({ payee: PAYEE, memo: '房款' }),
})
