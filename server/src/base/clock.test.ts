import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simulatedClock, wallClock } from './clock.ts'

const START = Date.UTC(2026, 2, 2, 1)

describe('simulated clock', () => {
  it('wakes sleepers in the order of their times, each at its own time', async () => {
    const clock = simulatedClock(START)
    const woken: string[] = []
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms, name)
      woken.push(`${name} ${clock.now() - START} ${clock.mono()}`)
    }
    void sleeper('c', 30)
    void sleeper('a', 10)
    void sleeper('b', 20)
    void sleeper('late', 41)
    expect(clock.sleepers().map(({ tag, at }) => [tag, at - START])).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 30],
      ['late', 41],
    ])
    await clock.advance(40)
    expect(woken).toEqual(['a 10 10', 'b 20 20', 'c 30 30'])
    expect([clock.now() - START, clock.mono()]).toEqual([40, 40])
  })

  it('lets woken code sleep again within the same move', async () => {
    const clock = simulatedClock(START)
    const ticks: number[] = []
    const ticking = (async () => {
      while (ticks.length < 5) {
        await clock.sleep(10, 'tick')
        ticks.push(clock.now() - START)
      }
    })()
    await clock.advanceTo(START + 50)
    await ticking
    expect(ticks).toEqual([10, 20, 30, 40, 50])
  })

  it('does not go back on its own, and says so', async () => {
    const clock = simulatedClock(START)
    await expect(clock.advanceTo(START - 1)).rejects.toThrow('does not go back')
    await clock.advance(5)
    expect(clock.now()).toBe(START + 5)
  })

  it('steps back in business time only; a sleeper still sleeps its whole span', async () => {
    const clock = simulatedClock(START)
    let woken = false
    void clock.sleep(100, 'nap').then(() => {
      woken = true
    })
    clock.stepBack(1_000)
    expect([clock.now() - START, clock.mono()]).toEqual([-1_000, 0])
    await clock.advance(99)
    expect(woken).toBe(false)
    await clock.advance(1)
    expect(woken).toBe(true)
    expect([clock.now() - START, clock.mono()]).toEqual([-900, 100])
  })

  it('wakes a sleeper whose signal aborts, and forgets it', async () => {
    const clock = simulatedClock(START)
    const stop = new AbortController()
    const nap = clock.sleep(100, 'nap', stop.signal)
    stop.abort()
    await nap
    expect(clock.sleepers()).toEqual([])
    await clock.sleep(100, 'already', stop.signal)
  })

  it('takes moves that overlap one after the other', async () => {
    const clock = simulatedClock(START)
    await Promise.all([clock.advance(10), clock.advance(10), clock.advance(10)])
    expect(clock.now()).toBe(START + 30)
  })

  it('wakes everybody who is due and nobody else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(100), { maxLength: 30 }),
        fc.array(fc.nat(40), { maxLength: 6 }),
        async (naps, moves) => {
          const clock = simulatedClock(START)
          const woken: number[] = []
          for (const ms of naps) void clock.sleep(ms, 'nap').then(() => woken.push(clock.mono()))
          for (const ms of moves) await clock.advance(ms)
          const end = moves.reduce((sum, ms) => sum + ms, 0)
          const due = moves.length === 0 ? [] : naps.filter((ms) => ms <= end)
          expect(woken).toEqual(due.sort((a, b) => a - b))
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('wall clock', () => {
  it('sleeps at least its span, on a clock of whole milliseconds', async () => {
    const clock = wallClock()
    const before = clock.mono()
    await clock.sleep(20, 'nap')
    expect(clock.mono() - before).toBeGreaterThanOrEqual(19)
    expect(Number.isInteger(clock.now()) && Number.isInteger(clock.mono())).toBe(true)
  })

  it('wakes at once when its signal aborts, however long the nap', async () => {
    const stop = new AbortController()
    const nap = wallClock().sleep(40 * 86_400_000, 'nap', stop.signal)
    stop.abort()
    await nap
  })
})
