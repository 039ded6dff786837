/** Which way the money was to go. */
export type Direction = 'collect' | 'pay' | 'refund'
