import { isPersonalRefusal, Personal, personal } from '#base'

/** A bank account as a rail prints it. It may be anybody's, so no check of ours refuses it. */
export function printedAccount(plain: string): Personal {
  const read = personal('card', plain)
  return isPersonalRefusal(read) ? new Personal('card', plain) : read
}
