/** What sign-in, sessions, links and users refuse. None of it tells whether a user exists. */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  [
    'sign_in_refused',
    401,
    'Check login, password and one-time code, and wait for the next code before trying again; or use a passkey. After ten wrong tries wait 30 minutes.',
  ],
  ['sign_in_slowed', 429, 'Too many sign-ins from this address failed; wait before trying again.'],
  [
    'passkey_refused',
    401,
    'Ask for a new challenge and use a passkey that was made for this user.',
  ],
  [
    'step_up_refused',
    401,
    'Use your passkey, or the next code of your authenticator app. After ten wrong codes sign in again.',
  ],
  [
    'link_refused',
    404,
    'Ask for a new link; this one is unknown, expired, used, or replaced by a newer one.',
  ],
  [
    'one_time_code_refused',
    422,
    'Scan the code of this link again and give the number that the app shows now.',
  ],
  ['who_missing', 422, 'Say who the first administrator is: login, name and staff number.'],
  ['who_known', 422, 'Leave out login, name and staff number; this link is for a known user.'],
  ['password_too_short', 422, 'Choose a password of at least 12 characters.'],
  ['password_too_common', 422, 'Choose a password that nobody would try first.'],
  ['password_names_user', 422, 'Choose a password without the login or the name in it.'],
  ['password_refused', 422, 'Give the password that you sign in with now.'],
  ['passkey_known', 409, 'This passkey is known already; use another one.'],
  ['last_way_in', 409, 'Add another way to sign in before taking this one away.'],
  ['login_malformed', 422, 'Send a login of 3 to 100 letters, digits and . _ - + @ characters.'],
  ['login_taken', 409, 'Choose another login; this one is taken.'],
  ['user_not_found', 404, 'There is no such user in your organisation.'],
  ['merchant_not_found', 404, 'There is no such merchant in your organisation.'],
  ['session_not_found', 404, 'There is no such session, or it has ended.'],
  ['passkey_not_found', 404, 'You have no such passkey.'],
  [
    'review_required',
    409,
    'Ask for approval first, of identity.grant_role, identity.revoke_role or identity.allow_reset.',
  ],
  ['user_is_disabled', 409, 'The user is disabled; nothing of his can be changed.'],
  ['user_has_role', 409, 'The user has this role already.'],
  ['user_lacks_role', 409, 'The user does not have this role.'],
  [
    'role_not_for_user',
    422,
    "A merchant's user has the role merchant and no other; nobody else can have it.",
  ],
  ['own_roles', 403, 'Ask another administrator; nobody changes what he may do himself.'],
  [
    'last_administrator',
    409,
    'Make another administrator who can sign in first; this is the last one.',
  ],
] as const satisfies readonly (readonly [string, number, string])[]

export type IdentityRefusal = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** The table of what sign-in and users refuse, for the docs and `/errors`. */
export const USER_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

/** A refusal as a problem. */
export function identityProblem(code: IdentityRefusal, retryAfterS?: number): Problem {
  const { status, says } = BY_CODE.get(code)!
  return { code, status, detail: says, ...(retryAfterS !== undefined && { retryAfterS }) }
}

/** What a function returns that refused. */
export interface Refusal {
  readonly refused: IdentityRefusal
  readonly retryAfterS?: number
}

export function refuse(refused: IdentityRefusal, retryAfterS?: number): Refusal {
  return { refused, ...(retryAfterS !== undefined && { retryAfterS }) }
}
