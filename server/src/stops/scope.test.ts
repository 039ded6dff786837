import { describe, expect, it } from 'vitest'
import { covers, type Movement, type PauseScope } from './scope.ts'

const PAY: Movement = { orgId: 1, direction: 'pay', book: 7, channel: 'icbc', merchant: 'mch_0_a' }

describe('a scope', () => {
  const cases: [PauseScope, Partial<Movement>, boolean][] = [
    [{}, {}, true],
    [{ channel: 'icbc' }, {}, true],
    [{ channel: 'ccb' }, {}, false],
    [{ channel: 'icbc' }, { channel: undefined as never }, false],
    [{ direction: 'pay' }, {}, true],
    [{ direction: 'refund' }, {}, false],
    [{ book: 7 }, {}, true],
    [{ book: 8 }, {}, false],
    [{ merchant: 'mch_0_a' }, {}, true],
    [{ merchant: 'mch_0_b' }, {}, false],
    [{ merchant: 'mch_0_a' }, { merchant: undefined as never }, false],
    [{ channel: 'icbc', direction: 'pay', book: 7, merchant: 'mch_0_a' }, {}, true],
    [{ channel: 'icbc', direction: 'collect' }, {}, false],
    [{ channel: 'icbc', book: 8 }, {}, false],
  ]
  it.each(cases)('%j covers a payout that differs by %j: %s', (scope, more, is) => {
    expect(covers(scope, { ...PAY, ...more })).toBe(is)
  })
})
