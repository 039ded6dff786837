/** Bands of amounts, in minor units: each up to and without its bound. */
const BANDS = [
  { name: 'under_1k', below: 100_000n },
  { name: '1k_10k', below: 1_000_000n },
  { name: '10k_50k', below: 5_000_000n },
  { name: '50k_200k', below: 20_000_000n },
  { name: '200k_1m', below: 100_000_000n },
] as const

const REST = '1m_and_over'

/** The names of all bands, the smallest first. */
export const BAND_NAMES: readonly string[] = [...BANDS.map(({ name }) => name), REST]

/** The band of an amount in minor units. */
export function bandOf(amount: bigint): string {
  return BANDS.find(({ below }) => amount < below)?.name ?? REST
}
