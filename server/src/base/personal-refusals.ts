/**
 * Why a name, ID number, card or phone is not taken, and why a sealed one does not open. No sentence
 * ever repeats the value: these texts reach logs and screens.
 */
export const personalRefusals = {
  personal_not_text: { http: 422, says: 'Send the {kind} as text in quotes.' },
  personal_empty: { http: 422, says: 'The {kind} is empty; fill it in.' },
  personal_too_long: {
    http: 422,
    says: 'The {kind} is longer than {most} characters; shorten it.',
  },
  name_malformed: {
    http: 422,
    says: 'A name has letters, blanks and the marks · - . ’ ( ) only; remove digits, signs and invisible characters.',
  },
  id_number_old: {
    http: 422,
    says: 'ID numbers of 15 digits ended in 2013; give the 18 characters of the present card.',
  },
  id_number_malformed: {
    http: 422,
    says: 'A resident ID number has 17 digits and a digit or X at the end; correct it.',
  },
  id_number_region: {
    http: 422,
    says: 'The first two digits of the ID number are no province code; check them against the card.',
  },
  id_number_date: {
    http: 422,
    says: 'Digits 7 to 14 of the ID number are no date of birth; check them against the card.',
  },
  id_number_check: {
    http: 422,
    says: 'The last character of the ID number does not fit the others; one of them is mistyped.',
  },
  card_malformed: { http: 422, says: 'A bank card number has 13 to 19 digits; correct it.' },
  card_check: {
    http: 422,
    says: 'The last digit of the card number does not fit the others; one of them is mistyped.',
  },
  phone_malformed: {
    http: 422,
    says: 'A mainland mobile number has 11 digits and begins with 13 to 19; correct it.',
  },
  envelope_malformed: {
    http: 500,
    says: 'The sealed value in {place} is not an envelope of this program; restore the row from a backup.',
  },
  envelope_key_unknown: {
    http: 500,
    says: 'The sealed value in {place} needs the personal-data key "{key}"; put that key back into the key ring.',
  },
  envelope_does_not_open: {
    http: 500,
    says: 'The sealed value in {place} does not open: it was changed, or moved from another row or column; restore the row from a backup.',
  },
  personal_keys_malformed: {
    http: 500,
    says: 'The personal-data keys in {source} cannot be read ({why}); put back the text this program wrote.',
  },
  personal_keys_open_to_others: {
    http: 500,
    says: 'The personal-data keys in {source} can be read by other users; run: chmod 600 {source}',
  },
  personal_keys_lost: {
    http: 500,
    says: 'The database holds personal data sealed with the key "{key}", which {source} does not hold; put the key back (a copy of the file, or TENON_PERSONAL_KEY) and start again. Nothing was changed.',
  },
  personal_keys_other: {
    http: 500,
    says: 'The key "{key}" in {source} is not the one that sealed the personal data in this database; put the right key back and start again. Nothing was changed.',
  },
} as const satisfies Record<string, { readonly http: number; readonly says: string }>

export type PersonalRefusalCode = keyof typeof personalRefusals

/** A refusal as a value, for what comes from outside. */
export interface PersonalRefusal {
  readonly refused: PersonalRefusalCode
  readonly says: string
}

/** Thrown when sealed data or its keys are not what this program left behind. */
export class PersonalProblem extends Error {
  override name = 'PersonalProblem'
  readonly refused: PersonalRefusalCode

  constructor(code: PersonalRefusalCode, details: Readonly<Record<string, string>> = {}) {
    super(sentence(code, details))
    this.refused = code
  }
}

/** Builds the refusal of one row. */
export function refusePersonal(
  code: PersonalRefusalCode,
  details: Readonly<Record<string, string>> = {},
): PersonalRefusal {
  return { refused: code, says: sentence(code, details) }
}

function sentence(code: PersonalRefusalCode, details: Readonly<Record<string, string>>): string {
  return personalRefusals[code].says.replace(
    /\{([a-z]+)\}/g,
    (whole, name: string) => details[name] ?? whole,
  )
}
