/** The platform's own bank as tests and tools see it. The platform meets it only over HTTP. */
export {
  type BankDirectAdmin,
  type BankDirectOptions,
  type BankDirectRail,
  startBankDirect,
} from './bank.ts'
export type { Entry, OutsideEntry } from './entries.ts'
export { type KeyPair, newKeyPair, pointOf, privatePem, publicPem } from './signature.ts'
