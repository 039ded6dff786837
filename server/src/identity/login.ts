/** Logins: what a user is found by. One spelling each, so that two users never look like one. */

const FORM = /^[a-z0-9][a-z0-9._+@-]{2,99}$/

/** The login in its one spelling (NFKC, lower case); `undefined` when it is not one. */
export function normalLogin(text: string): string | undefined {
  const login = text.normalize('NFKC').trim().toLowerCase()
  return FORM.test(login) ? login : undefined
}
