import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundText, canonical, contentOf, NotCanonical, sha256Of } from './canonical.ts'

/** A double from its bits, as RFC 8785 appendix B lists them. */
const double = (bits: string) => Buffer.from(bits, 'hex').readDoubleBE()

describe('canonical JSON', () => {
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s as %s', (bits, text) => {
    expect(canonical(double(bits))).toBe(text)
  })

  it('writes the sample of RFC 8785 section 3.2.2 byte by byte', () => {
    const sample = JSON.parse(`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`)
    expect(canonical(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  it('sorts keys by their UTF-16 units, as section 3.2.3 does', () => {
    const sample = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const order = Object.values(JSON.parse(canonical(sample)) as object)
    expect(canonical(sample).indexOf('Carriage')).toBeLessThan(canonical(sample).indexOf('One'))
    expect(order).toHaveLength(7)
    expect([...canonical(sample).matchAll(/:"(\w+)/g)].map(([, word]) => word)).toEqual([
      'Carriage',
      'One',
      'Control',
      'Latin',
      'Euro',
      'Emoji',
      'Hebrew',
    ])
  })

  it.each([
    ['not a number', { a: [Number.NaN] }, '/a/0'],
    ['no end', { a: Number.POSITIVE_INFINITY }, '/a'],
    ['undefined', { a: undefined }, '/a'],
    ['a hole in a list', { a: Array(1) }, '/a/0'],
    ['a bigint', { 'a/b': 1n }, '/a~1b'],
    ['a date', { a: new Date(0) }, '/a'],
    ['half a pair', { a: '\ud83d' }, '/a'],
    ['half a pair in a key', { '\ude00': 1 }, '/\ude00'],
    ['a NUL', { a: 'x\0' }, '/a'],
  ])('refuses %s', (_, value, pointer) => {
    const refused = (() => {
      try {
        return canonical(value)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toBeInstanceOf(NotCanonical)
    expect((refused as NotCanonical).pointer).toBe(pointer)
  })

  it('refuses what is nested deeper than a request may be', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
    expect(canonical(nested(32))).toContain('1')
    expect(() => canonical(nested(33))).toThrow(NotCanonical)
  })
})

/** What a contract could let in: no NUL, no lone surrogates, no `__proto__`. */
const json = fc.jsonValue({ maxDepth: 4 }).filter((value) => {
  const text = JSON.stringify(value)
  return !text.includes('\\u0000') && !/\\ud[89a-f]/i.test(text) && !text.includes('__proto__')
})

describe('the bound text', () => {
  it('is one text for one content, whatever the order of its keys, and gives it back', () => {
    fc.assert(
      fc.property(json, (content) => {
        const bound = boundText({ action: 'a.b', org: 1, content })
        expect(boundText({ action: 'a.b', org: 1, content: turned(content) })).toBe(bound)
        expect(canonical(contentOf(bound))).toBe(canonical(content))
        expect(canonical(JSON.parse(bound))).toBe(bound)
      }),
      { numRuns: 200 },
    )
  })

  it('differs with every part', () => {
    const of = (action: string, org: number, content: unknown) =>
      sha256Of(boundText({ action, org, content }))
    const all = [
      of('a.b', 1, { x: '1' }),
      of('a.c', 1, { x: '1' }),
      of('a.b', 2, { x: '1' }),
      of('a.b', 1, { x: 1 }),
      of('a.b', 1, { x: '1', y: null }),
      of('a.b', 1, [{ x: '1' }]),
    ]
    expect(new Set(all).size).toBe(all.length)
    expect(all[0]).toBe('82f0dc566c154ac54afce6fc5f200c146cd03076a8480aac044484a05c6f7100')
  })
})

/** The same value with the keys of every object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).reverse()
  return Object.fromEntries(entries.map(([key, item]) => [key, turned(item)]))
}
