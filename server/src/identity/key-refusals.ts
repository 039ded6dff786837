/**
 * What keys, signatures and limits refuse. Words in braces are filled in; the part of a signature
 * that is wrong stands in `errors` too, as `/signature/<component or parameter>`.
 *
 * The easy mistake: a refusal that tells a stranger whether a key exists. An unknown key, a revoked
 * one and one past its time are one refusal.
 */
import type { Problem, ProblemRow } from '#base'

const ROWS = [
  ['credentials_missing', 401, 'Sign in, or send an API key or a signature with this request.'],
  [
    'credentials_ambiguous',
    400,
    'Prove who you are in one way: a session, an API key or a signature; this request has {ways}.',
  ],
  ['session_over', 401, 'Sign in again; this session has ended.'],
  [
    'authorization_malformed',
    401,
    'Send the API key as "Authorization: Bearer tk_…"; this header reads otherwise.',
  ],
  ['key_not_accepted', 401, 'Send a live API key; this one is unknown, revoked or past its time.'],
  [
    'key_of_other_mode',
    401,
    'This server takes keys of {ours} mode; this is one of {theirs} mode. Use the other key.',
  ],
  [
    'signature_required',
    401,
    'This key asks for signed requests; sign with its private key instead of sending the secret.',
  ],
  ['signature_malformed', 401, 'Send a signature as RFC 9421 writes it: {why}.'],
  ['signature_component_missing', 401, 'Cover "{part}" with the signature; {why}.'],
  [
    'signature_component_absent',
    401,
    'The signature covers "{part}", and the request has no such field; send it as it was signed.',
  ],
  [
    'signature_component_unknown',
    401,
    'This server derives no component {part}; leave it out of the signature.',
  ],
  ['signature_component_twice', 401, 'Cover "{part}" once; it stands twice in Signature-Input.'],
  ['signature_parameter_missing', 401, 'Add the parameter "{part}" to Signature-Input.'],
  [
    'signature_parameter_malformed',
    401,
    'Send the parameter "{part}" of Signature-Input as {why}.',
  ],
  [
    'signature_too_old',
    401,
    'Sign again: "created" is {seconds} s ago, and at most {most} s are taken. Check your clock.',
  ],
  [
    'signature_in_future',
    401,
    'Check your clock: "created" lies {seconds} s ahead of ours, and at most {most} s are taken.',
  ],
  ['signature_expired', 401, 'Sign again: "expires" was {seconds} s ago. Check your clock.'],
  ['signature_key_unknown', 401, 'Sign with a live key; "keyid" names none that can verify.'],
  [
    'signature_alg_differs',
    401,
    'Send the parameter "alg" as "{ours}", the algorithm of this key; it says otherwise.',
  ],
  [
    'signature_digest_malformed',
    401,
    'Send "content-digest" as "sha-256=:…:", the SHA-256 of the body in base64.',
  ],
  [
    'signature_digest_differs',
    401,
    '"content-digest" is not the SHA-256 of the body that came; sign the very bytes you send.',
  ],
  [
    'signature_component_differs',
    401,
    'The signature is over another "{part}": it would verify for {theirs}, and this request has {ours}.',
  ],
  [
    'signature_wrong',
    401,
    'The signature does not verify; compare your signature base with RFC 9421 section 2.5, and the key.',
  ],
  ['signature_nonce_reused', 401, 'Sign again with a fresh "nonce"; this one was used already.'],
  [
    'rate_limited',
    429,
    'Send this again in {seconds} s; the limit is {limit} requests in {window} s for {whom}.',
  ],
  ['keys_full', 409, 'Revoke a key first; its holder has two live ones already.'],
  ['key_not_found', 404, 'No such key; take its id from GET /v1/keys.'],
  ['key_not_live', 409, 'This key has ended already; nothing was changed.'],
  ['key_expires_wrong', 422, 'Send an expiry in the future, at most two years from now.'],
  ['key_public_wrong', 422, 'Send the public key of the algorithm as PEM: {why}.'],
  [
    'key_proves_nothing',
    422,
    'Ask for a secret, or send "algorithm" and "public_key" together, or both.',
  ],
  [
    'key_cannot_sign',
    422,
    'A key that asks for signed requests has a public key; send "algorithm" and "public_key".',
  ],
  [
    'key_role_wrong',
    422,
    'A merchant\'s key has the role "merchant", any other one of "operator" and "engineer".',
  ],
  [
    'key_permission_wrong',
    422,
    'The role {role} has no permission {permission}; leave it out or choose another role.',
  ],
  [
    'key_permission_not_yours',
    403,
    'You have no permission {permission} yourself; ask somebody who has, or for an approval.',
  ],
  ['merchant_not_found', 404, 'No such merchant.'],
] as const satisfies readonly (readonly [string, number, string])[]

export type KeyProblemCode = (typeof ROWS)[number][0]

const BY_CODE = new Map<string, ProblemRow>(
  ROWS.map(([code, status, says]) => [code, { code, status, says }]),
)

/** The table, for the docs and `/errors`. */
export const KEY_PROBLEMS: readonly ProblemRow[] = [...BY_CODE.values()]

/** A problem of the table. `part`, where given, is named in `errors` as well. */
export function keyProblem(
  code: KeyProblemCode,
  words: Readonly<Record<string, string | number>> = {},
): Problem {
  const { status, says } = BY_CODE.get(code)!
  const detail = says.replaceAll(/\{([a-z]+)\}/g, (whole, name: string) =>
    String(words[name] ?? whole),
  )
  const problem: Problem = { code, status, detail, retryable: status === 429 }
  if (words.part === undefined) return problem
  const part = String(words.part).replaceAll('~', '~0').replaceAll('/', '~1')
  return { ...problem, errors: [{ pointer: `/signature/${part}`, code, detail }] }
}
