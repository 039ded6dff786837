/** The lists of identity that the database holds too, as CHECKs. A test keeps them equal. */

export const USER_STATES = ['active', 'disabled'] as const
export type UserState = (typeof USER_STATES)[number]

/** What a one-time link is for. */
export const LINK_PURPOSES = ['first_administrator', 'invite', 'reset'] as const
export type LinkPurpose = (typeof LINK_PURPOSES)[number]

/** What a passkey's challenge was given for. */
export const CHALLENGE_PURPOSES = ['sign_in', 'step_up', 'enrol'] as const
export type ChallengePurpose = (typeof CHALLENGE_PURPOSES)[number]

/** Why a session ended before its time. */
export const SESSION_ENDS = [
  'signed_out',
  'replaced',
  'by_user',
  'by_administrator',
  'password_changed',
  'credentials_reset',
  'roles_changed',
  'disabled',
  'locked',
] as const
export type SessionEnd = (typeof SESSION_ENDS)[number]
