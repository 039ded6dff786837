/**
 * The command line of benches and chaos runs: `--name value` and bare `--name`, checked against what
 * the run knows, so that a misspelt option is an error and not a silent default.
 */

export class BadOption extends Error {
  override name = 'BadOption'
}

export interface OptionSpec {
  readonly [name: string]: { readonly says: string; readonly flag?: boolean }
}

export interface Options {
  /** The text of an option; `undefined` when it was not given. */
  text(name: string): string | undefined
  /** A whole or decimal number above zero. */
  number(name: string, otherwise: number): number
  /** A comma-separated list of numbers above zero. */
  numbers(name: string, otherwise: readonly number[]): readonly number[]
  flag(name: string): boolean
}

/** Reads the arguments after the run's name. Throws `BadOption` with a sentence. */
export function parseOptions(args: readonly string[], spec: OptionSpec): Options {
  const given = new Map<string, string>()
  for (let i = 0; i < args.length; i += 1) {
    const name = args[i]!.replace(/^--/, '')
    const known = args[i]!.startsWith('--') ? spec[name] : undefined
    if (known === undefined) throw new BadOption(`There is no option ${args[i]}.\n${usage(spec)}`)
    if (known.flag === true) {
      given.set(name, '')
      continue
    }
    const value = args[i + 1]
    if (value === undefined) throw new BadOption(`--${name} needs a value: ${known.says}`)
    given.set(name, value)
    i += 1
  }
  const numbers = (name: string, otherwise: readonly number[]) => {
    const text = given.get(name)
    return text === undefined ? otherwise : text.split(',').map((part) => positive(name, part))
  }
  return {
    text: (name) => given.get(name),
    flag: (name) => given.has(name),
    numbers,
    number: (name, otherwise) => numbers(name, [otherwise])[0]!,
  }
}

function positive(name: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) <= 0) {
    throw new BadOption(`--${name} takes a number above zero, not "${text}".`)
  }
  return Number(text)
}

export function usage(spec: OptionSpec): string {
  return Object.entries(spec)
    .map(([name, { says }]) => `  --${name.padEnd(18)}${says}`)
    .join('\n')
}
