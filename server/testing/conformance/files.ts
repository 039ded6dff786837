/** The rail's file of a day against the rail's own book, row for row, and damaged in every way. */
import { describe, expect, it } from 'vitest'
import { seededRng } from '../../src/base/index.ts'
import type { ChannelFile, ChannelFileProblem } from '../../src/channels/index.ts'
import type { ConformanceSubject } from '../conformance.ts'
import { mutateBytes } from './mutate.ts'
import { carryOn, DAY, newOrder, onStage, plain, type Stage, send } from './stage.ts'

const MUTATIONS = 200
const FILED = ['collect', 'pay', 'refund', 'payout_returned'] as const

export function fileCases(subject: ConformanceSubject): void {
  describe('the file of a day', () => {
    it('is the rail’s book of the day, row for row, and sums to what the rail settles', () =>
      onStage(subject, async (stage) => {
        const date = await aDay(stage, subject)
        const file = await stage.channel.downloadFile(date)
        if (!subject.traits.files) return expectRefused(file)
        expectFile(file)
        expect(file).toMatchObject({ date, currency: stage.channel.capability.currency })
        expect(file.hash).toMatch(/^[0-9a-f]{64}$/)
        expect(rowsOf(file)).toEqual(rowsOfBook(stage, date))
        expect(file.settled).toBe(settledByBook(stage, date))
        expect(file.settlementReference).not.toBe('')
        const sent = stage.settlements.filter((settlement) => settlement.date === date)
        if (stage.channel.capability.methods.length > 0) {
          expect(sent.map(({ amount }) => amount)).toEqual([file.settled])
          expect(sent[0]!.memo).toContain(file.settlementReference)
        }
      }))

    it('is not ready before the day is closed', () =>
      onStage(subject, async (stage) => {
        const date = stage.channel.businessDate(stage.clock.now())
        const file = await stage.channel.downloadFile(date)
        expectRefused(file)
        if (subject.traits.files) expect(file).toMatchObject({ problem: 'not_ready' })
      }))

    it('of a day without movements is empty, or there is none', () =>
      onStage(subject, async (stage) => {
        const date = stage.channel.businessDate(stage.clock.now())
        await closed(stage, date)
        const file = await stage.channel.downloadFile(date)
        if ('problem' in file) return expectRefused(file)
        expect(file).toMatchObject({ date, rows: [], settled: 0n })
      }))

    it('of a rail out of reach is a problem, never a throw', () =>
      onStage(subject, async (stage) => {
        stage.rail.admin.arm({ fault: 'down', ms: DAY })
        await stage.rail.admin.idle()
        const date = stage.channel.businessDate(stage.clock.now())
        const file = await stage.channel.downloadFile(date)
        expectRefused(file)
        if (subject.traits.files) expect(file).toMatchObject({ problem: 'unreachable' })
      }))

    it(`damaged in ${MUTATIONS} ways means the same or is refused with a reason`, () =>
      onStage(subject, async (stage) => {
        const date = await aDay(stage, subject)
        const { tap, channel } = stage
        const calls = tap.calls.length
        const whole = await channel.downloadFile(date)
        if (!subject.traits.files) return expectRefused(whole)
        expectFile(whole)
        const rounds = tap.calls.length - calls
        const rng = seededRng(500)
        const genuine = plain({ ...whole, hash: '' })
        let refused = 0
        for (let i = 0; i < MUTATIONS; i += 1) {
          let countdown = rng.below(rounds)
          tap.bend = (_, reply) => {
            countdown -= 1
            if (countdown !== -1 || reply.kind !== 'replied') return reply
            return { ...reply, body: mutateBytes(reply.body, rng) }
          }
          const file = await channel.downloadFile(date)
          if ('problem' in file) {
            refused += 1
            expectRefused(file)
          } else expect(plain({ ...file, hash: '' })).toBe(genuine)
        }
        expect(refused).toBeGreaterThan(MUTATIONS / 3)
      }))
  })
}

/** A day with three orders of every direction, closed. */
async function aDay(stage: Stage, subject: ConformanceSubject): Promise<string> {
  const date = stage.channel.businessDate(stage.clock.now())
  for (const direction of stage.channel.capability.directions) {
    for (let i = 0; i < 3; i += 1) {
      const sent = await newOrder(stage, subject, direction)
      const outcome = await send(stage, sent)
      await carryOn(stage, sent, 'payerAction' in outcome ? outcome : undefined)
    }
  }
  await closed(stage, date)
  return date
}

/** Ends the day at the rail and goes on to noon of the next. */
async function closed(stage: Stage, date: string): Promise<void> {
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6, 8)].map(Number)
  const noonAfter = Date.UTC(year!, month! - 1, day! + 1, 4)
  await stage.move(noonAfter - stage.clock.now())
  await stage.rail.admin.closeDay(date)
  await stage.finish()
}

function expectFile(file: ChannelFile | ChannelFileProblem): asserts file is ChannelFile {
  expect(file).not.toHaveProperty('problem')
}

function expectRefused(file: ChannelFile | ChannelFileProblem): void {
  expect(['not_ready', 'unreachable', 'refused']).toContain('problem' in file && file.problem)
  expect('says' in file && file.says.length).toBeGreaterThan(3)
}

function rowsOf(file: ChannelFile): string[] {
  expect(new Set(file.rows.map(({ row }) => row)).size).toBe(file.rows.length)
  for (const { channelReference } of file.rows) expect(channelReference).not.toBe('')
  return file.rows
    .filter(({ result }) => result === 'succeeded')
    .map(({ direction, reference, amount, fee }) => `${direction} ${reference} ${amount} ${fee}`)
    .sort()
}

const inBook = (stage: Stage, date: string) =>
  stage.rail.admin
    .movements()
    .filter(({ at, kind }) => stage.channel.businessDate(at) === date && isFiled(kind))

const isFiled = (kind: string): boolean => (FILED as readonly string[]).includes(kind)

function rowsOfBook(stage: Stage, date: string): string[] {
  return inBook(stage, date)
    .map(({ kind, reference, amount, fee }) => {
      const size = amount < 0n ? -amount : amount
      return `${kind} ${reference} ${size} ${fee}`
    })
    .sort()
}

function settledByBook(stage: Stage, date: string): bigint {
  const keepsFees = stage.channel.capability.settlement.kind === 'net'
  return inBook(stage, date)
    .filter(({ kind }) => kind === 'collect' || kind === 'refund')
    .reduce((sum, { amount, fee }) => sum + amount - (keepsFees ? fee : 0n), 0n)
}
