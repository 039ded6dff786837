/** Yuan with two decimals, as rails write amounts: `12345.60` for 1234560 fen, `-0.05` for -5. */
export function yuan(fen: bigint): string {
  const size = fen < 0n ? -fen : fen
  return `${fen < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`
}
