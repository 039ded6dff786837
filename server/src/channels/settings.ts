import { address, type SettingsTable, text } from '#base'

/** How to reach channels and the custody bank. Without an address the server works without a bank. */
export const channelSettings = {
  channelsFile: {
    name: 'TENON_CHANNELS',
    parse: text,
    optional: true,
    says: 'The file that lists the payment channels; without it no payment goes over one.',
  },
  custodyBankUrl: {
    name: 'TENON_CUSTODY_BANK_URL',
    parse: address('http', 'https'),
    optional: true,
    says: 'The address of the custody bank; without it no custody pool is opened.',
  },
  custodyBankClient: {
    name: 'TENON_CUSTODY_BANK_CLIENT',
    parse: text,
    default: 'platform',
    says: 'The name the custody bank knows this platform by.',
  },
  custodyBankMerchant: {
    name: 'TENON_CUSTODY_BANK_MERCHANT',
    parse: text,
    default: '5236',
    says: 'The merchant code the custody bank gave.',
  },
  custodyBankPool: {
    name: 'TENON_CUSTODY_BANK_POOL',
    parse: text,
    default: '15000100000001',
    says: 'The number of the pool at the custody bank.',
  },
} as const satisfies SettingsTable
