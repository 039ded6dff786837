/** Forms of ACP on the wire: requests and notices are URL-encoded, replies are plain text. */

export type Form = Readonly<Record<string, string>>

/** Reads a URL-encoded form; `undefined` when it is none, or a name comes twice. */
export function readForm(body: Buffer): Form | undefined {
  const form: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    if (name in form) return undefined
    form[name] = value
  }
  return form
}

export const printForm = (form: Form): string => new URLSearchParams(form).toString()

/** `name=value&…` with nothing encoded, as ACP answers. */
export const printPlain = (form: Form): string =>
  Object.entries(form)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

/** A brace form `{name=value&…}` in base64, as customerInfo is. */
export function readCustomerInfo(text: string): Form | undefined {
  const plain = Buffer.from(text, 'base64').toString('utf8')
  const match = /^\{(.*)\}$/s.exec(plain)
  if (match === null) return undefined
  return readParts(match[1]!)
}

/** `name=value&…` with nothing encoded. */
export function readParts(text: string): Form {
  const form: Record<string, string> = Object.create(null)
  for (const part of text.split('&')) {
    const at = part.indexOf('=')
    if (at > 0) form[part.slice(0, at)] = part.slice(at + 1)
  }
  return form
}
