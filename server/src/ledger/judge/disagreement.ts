import type { Staged } from './stage.ts'
import type { Step, StepResult } from './step.ts'

/** A step and the model's answer to it. */
export interface Told {
  readonly step: Step
  readonly result: StepResult
}

export interface Difference {
  readonly staged: Staged
  /** What went well before. */
  readonly told: readonly Told[]
  /** The steps in which it was found; none when it was found after the last one told. */
  readonly steps?: readonly Step[]
  readonly expected: unknown
  readonly found: unknown
}

/** A candidate and the model differ; the message tells the history in short names. */
export class Disagreement extends Error {
  override name = 'Disagreement'

  constructor(candidate: string, { staged, told, steps = [], expected, found }: Difference) {
    const line = (value: unknown) => show(value, staged)
    super(
      [
        `The ${candidate} and the model differ.`,
        `  model:   ${line(expected)}`,
        `  ${candidate}:  ${line(found)}`,
        'The history and the answers of the model:',
        ...told.map(({ step, result }) => `  ${line(step)}  →  ${line(result)}`),
        ...steps.map((step) => `> ${line(step)}`),
      ].join('\n'),
    )
  }
}

/** Anything as one line in which ids carry their short names. */
export function show(value: unknown, { names }: Pick<Staged, 'names'>): string {
  const plain = (_: string, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`
    return typeof item === 'string' ? (names.get(item) ?? item) : item
  }
  return (JSON.stringify(value, plain) ?? 'nothing').replaceAll('"', '')
}
