/** The suite every payment channel passes, by both of WeChat Pay's schemes. */
import { describeChannel } from '../../../../testing/conformance.ts'
import { wechatPay } from './adapter.ts'
import { isNotFound, listedCodes, resultOf, STATUS_NAMES } from './status.ts'
import { merchantKeys, settingsFor, startRail } from './testing/rail.ts'

const keys = merchantKeys()

for (const scheme of ['rsa', 'sm'] as const) {
  describeChannel(`wechat-pay, ${scheme}`, {
    async start({ net, rng, clock, wall, callbackUrl, onSettlement }) {
      const rail = await startRail(keys, scheme, { callbackUrl, onSettlement })
      const settings = settingsFor(rail, keys, scheme)
      const world = { net, rng, clock, wall }
      return {
        channel: wechatPay(settings, world),
        otherMerchant: wechatPay({ ...settings, mchId: '1230000999' }, world),
        rail,
        close: () => rail.close(),
      }
    },
    traits: {
      notices: ['collect', 'refund'],
      signsTime: true,
      files: true,
      carriedByPayer: [],
      reference: /^[0-9A-Za-z_\-|*]{6,32}$/,
      returns: [],
    },
    statuses: STATUS_NAMES.map((name) => ({
      name,
      listed: listedCodes(name),
      resultOf: (code) =>
        name === 'query_error'
          ? isNotFound(code)
            ? 'not_found'
            : 'unknown'
          : resultOf(name, code),
    })),
    collect: () => ({
      subject: '购房定金',
      expiresAt: Date.UTC(2026, 11, 31),
      payerId: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
      payerIp: '14.23.150.211',
    }),
  })
}
