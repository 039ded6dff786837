/** The shared suite against the clearing house's simulator, in both suites of keys. */

import { newPlatformKey, startNetsunion } from '../../../../../simulators/netsunion/index.ts'
import { describeChannel } from '../../../../testing/conformance.ts'
import { PAYEE } from '../../testing/payouts.ts'
import { netsunion, readNetsunionKeys } from './adapter.ts'
import { SUITES, type Suite } from './signature.ts'
import {
  PROCESSED,
  REFUSALS,
  resultOf,
  resultOfBusiness,
  SUCCEEDED,
  SYSTEM_REFUSALS,
  UNDER_WAY,
} from './status.ts'

for (const suite of SUITES) {
  const ours = newPlatformKey(suite)
  const theirs = newPlatformKey(suite)
  let keys: Suite | undefined
  const facts = {
    issuerId: 'Z2004944000010',
    reserveAccount: '991584000001',
    suite,
    signSerial: '4024838392',
    encryptSerial: '4025061174',
  }
  describeChannel(`netsunion with ${suite} keys`, {
    async start({ net, rng, clock, wall, callbackUrl, onSettlement }) {
      const rail = await startNetsunion({
        ...facts,
        clientPublicKeyPem: ours.publicKeyPem,
        key: theirs,
        callbackUrl,
        onSettlement,
      })
      const settings = {
        ...facts,
        url: rail.url,
        privateKeyPem: ours.privateKeyPem,
        platformPublicKeyPem: rail.platformPublicKeyPem,
        timing: { timeoutMs: 400 },
      }
      keys ??= readNetsunionKeys(settings)
      const world = { net, rng, clock, wall }
      return {
        channel: netsunion(settings, world, keys),
        otherMerchant: netsunion({ ...settings, reserveAccount: '991584000002' }, world, keys),
        rail,
        close: () => rail.close(),
      }
    },
    traits: {
      notices: ['pay'],
      signsTime: true,
      files: true,
      carriedByPayer: [],
      reference: /^\d{31}$/,
      returns: ['callback'],
    },
    statuses: [
      {
        name: 'business codes',
        listed: [SUCCEEDED, ...UNDER_WAY.keys(), ...REFUSALS.keys()],
        resultOf: resultOfBusiness,
      },
      {
        name: 'system codes of a refusal',
        listed: [...SYSTEM_REFUSALS.keys()],
        resultOf: (code) => resultOf(code, ''),
      },
      {
        name: 'business codes of a processed message',
        listed: [...REFUSALS.keys()],
        resultOf: (code) => resultOf(PROCESSED, code),
      },
    ],
    pay: () => ({ payee: PAYEE, memo: '房款 <A&B>' }),
  })
}
