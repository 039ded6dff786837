/** Alipay against its simulator, by the suite every channel passes. */
import { generateKeyPairSync } from 'node:crypto'
import { startAlipay } from '../../../../../simulators/alipay/index.ts'
import { type ConformanceWorld, describeChannel } from '../../../../testing/conformance.ts'
import { alipay } from './adapter.ts'
import { COLLECT_REPLIES, REFUND_REPLIES, REFUND_STATES, resultOf, TRADE_STATES } from './status.ts'

function pair() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

const ours = pair()
const theirs = pair()

async function start(world: ConformanceWorld) {
  const rail = await startAlipay({
    appPublicKeyPem: ours.publicPem,
    privateKeyPem: theirs.privatePem,
    callbackUrl: world.callbackUrl,
    onSettlement: world.onSettlement,
  })
  const settings = {
    gateway: rail.gateway,
    appId: rail.appId,
    sellerId: rail.sellerId,
    privateKeyPem: ours.privatePem,
    alipayPublicKeyPem: theirs.publicPem,
    notifyUrl: world.callbackUrl,
    timing: { timeoutMs: 300 },
  }
  return {
    channel: alipay(settings, world),
    otherMerchant: alipay({ ...settings, sellerId: '2088000000000009' }, world),
    rail,
    open: async (reference: string, action: { kind: string; value: string } | undefined) => {
      if (action?.kind !== 'form') return rail.admin.scan(reference)
      const form = JSON.parse(action.value) as { action: string; fields: Record<string, string> }
      const reply = await fetch(form.action, {
        method: 'POST',
        body: new URLSearchParams(form.fields),
      })
      if (!reply.ok) throw new Error(`the cashier answered HTTP ${reply.status}`)
    },
    close: () => rail.close(),
  }
}

describeChannel('Alipay', {
  start,
  traits: {
    notices: ['collect', 'refund'],
    amountless: ['refund'],
    signsTime: false,
    files: true,
    carriedByPayer: ['alipay_page'],
    reference: /^[A-Za-z0-9_]{1,64}$/,
    returns: [],
  },
  statuses: [
    ['replies to an order', COLLECT_REPLIES] as const,
    ['replies to a refund', REFUND_REPLIES] as const,
    ['trade states', TRADE_STATES] as const,
    ['refund states', REFUND_STATES] as const,
  ].map(([name, rows]) => ({
    name,
    listed: [...rows.keys()],
    resultOf: (code: string) => resultOf(rows, code),
  })),
  collect: () => ({ subject: '购房定金 1号楼', expiresAt: Date.UTC(2026, 2, 3, 15) }),
})
