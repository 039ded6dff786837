/**
 * XML as far as the clearing house uses it: elements and text. No document types, no entities but the
 * five of XML itself, bounded in size and depth, so that no message can make us work for ever.
 */
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'

/** An element: its texts and its inner elements by name. Elements named `Row` are always lists. */
export type Element = { readonly [name: string]: unknown }

/** A page of 500 rows is about 200 kB. */
const BYTES_MOST = 2_000_000
const DEPTH_MOST = 8

const NAMESPACE = 'namespace_string'

/** Prints a message under the root element. */
export function printXml(content: {
  readonly MsgHeader: Element
  readonly MsgBody: Element
}): string {
  const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@' })
  const body = builder.build({ root: { '@xmlns': NAMESPACE, ...content } }) as string
  return `<?xml version="1.0" encoding="UTF-8"?>${body}`
}

/** The root's content, or nothing when it is no message. Never throws. */
export function parseXml(xml: string): Element | undefined {
  if (xml.length > BYTES_MOST || /<!|<\?(?!xml )/.test(xml) || tooDeep(xml)) return undefined
  try {
    if (XMLValidator.validate(xml) !== true) return undefined
    const parser = new XMLParser({
      ignoreAttributes: true,
      ignoreDeclaration: true,
      parseTagValue: false,
      trimValues: false,
      processEntities: false,
      isArray: (name) => name === 'Row',
    })
    const parsed: unknown = parser.parse(xml)
    if (!isElement(parsed) || Object.keys(parsed).join() !== 'root') return undefined
    return isElement(parsed.root) ? parsed.root : undefined
  } catch {
    return undefined
  }
}

function tooDeep(xml: string): boolean {
  let depth = 0
  for (const [tag] of xml.matchAll(/<[^<>]*>/g)) {
    if (tag.startsWith('<?') || tag.endsWith('/>')) continue
    depth += tag.startsWith('</') ? -1 : 1
    if (depth > DEPTH_MOST) return true
  }
  return false
}

export function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The element under a name; an empty one when there is none. */
export function inner(element: Element, name: string): Element {
  const value = Object.hasOwn(element, name) ? element[name] : undefined
  return isElement(value) ? value : {}
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
}

/** The text under a name; '' when there is none. */
export function text(element: Element, name: string): string {
  const value = Object.hasOwn(element, name) ? element[name] : undefined
  if (typeof value !== 'string') return ''
  return value.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity]!)
}

/** The rows under a name; `undefined` when one of them is no element. */
export function rows(element: Element): readonly Element[] | undefined {
  const list = element.Row ?? []
  return Array.isArray(list) && list.every(isElement) ? list : undefined
}
