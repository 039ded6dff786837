import { oneOf, type SettingsTable, text } from '#base'
import { KEY_MODES } from './key.ts'

/** Who is let in, and how browsers know this server. */
export const identitySettings = {
  signIn: {
    name: 'TENON_SIGN_IN',
    parse: oneOf('required', 'this-machine'),
    default: 'required',
    says: '`required`: nobody is let in without credentials. `this-machine`: who calls from this machine without any is its operator and may do everything, and the server listens on loopback alone; for development.',
  },
  mode: {
    name: 'TENON_MODE',
    parse: oneOf(...KEY_MODES),
    default: 'live',
    says: 'Which API keys are taken: `live`, or `test` for a sandbox, whose secrets begin with tk_test_.',
  },
  origin: {
    name: 'TENON_ORIGIN',
    parse: text,
    optional: true,
    says: 'Where browsers reach this server, such as https://pay.example.com; passkeys belong to it. The address it listens on when absent.',
  },
} as const satisfies SettingsTable
