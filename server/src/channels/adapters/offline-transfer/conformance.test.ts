/** Offline transfer by the suite of channels that send nothing, against a rail that knows no request. */
import { createRailGround } from '../../../../../simulators/channel/index.ts'
import { type ConformanceWorld, describeUnsentChannel } from '../../../../testing/conformance.ts'
import { offlineTransfer } from './adapter.ts'

const account = {
  name: '天能科技有限公司客户资金专户',
  number: '15000100000001',
  bank: '平安银行深圳分行',
  cnaps: '307584007998',
}

async function start(world: ConformanceWorld) {
  const ground = createRailGround(
    { callbackUrl: world.callbackUrl },
    {
      retrySeconds: [],
      settles: 'gross',
      print: () => undefined,
      settlementMemo: (date) => date,
    },
  )
  const rail = await ground.listen(() => ({ status: 404, body: '' }))
  const channel = offlineTransfer({ account }, world)
  return { channel, otherMerchant: channel, rail, close: () => rail.close() }
}

describeUnsentChannel('Offline transfer', {
  start,
  traits: {
    notices: [],
    signsTime: false,
    files: false,
    carriedByPayer: ['bank_transfer'],
    reference: /^[0-9A-Z]{24}$/,
    returns: [],
  },
  statuses: [],
  collect: () => ({ subject: '购房款', expiresAt: Date.UTC(2026, 2, 10) }),
})
