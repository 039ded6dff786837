/** Which way the money was to go. */
export type Direction = 'collect' | 'pay' | 'refund'

export const DIRECTIONS = ['collect', 'pay', 'refund'] as const satisfies readonly Direction[]
