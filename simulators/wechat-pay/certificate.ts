/** A self-signed X.509 certificate for the rail's key, because clients fetch certificates, not keys. */

export interface CertificateOptions {
  readonly scheme: 'rsa' | 'sm'
  /** Hex, an even number of digits, the first below 8. */
  readonly serial: string
  /** The public key, DER. */
  readonly spki: Buffer
  readonly sign: (message: Uint8Array) => Buffer
}

function item(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const [high, low] = [body.length >> 8, body.length & 0xff]
  const length = body.length < 0x80 ? [low] : high === 0 ? [0x81, low] : [0x82, high, low]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const sequence = (...parts: readonly Uint8Array[]) => item(0x30, ...parts)
const bytes = (hex: string) => Buffer.from(hex, 'hex')
const time = (text: string) => item(0x18, Buffer.from(text))

/** sha256WithRSAEncryption with its NULL; SM2-with-SM3 without parameters. */
const ALGORITHM = {
  rsa: sequence(bytes('06092a864886f70d01010b'), bytes('0500')),
  sm: sequence(bytes('06082a811ccf55018375')),
} as const

const COMMON_NAME = bytes('0603550403')
const name = (text: string) =>
  sequence(item(0x31, sequence(COMMON_NAME, item(0x0c, Buffer.from(text)))))

/** PEM. Valid from 2020 to 2049. */
export function writeCertificate({ scheme, serial, spki, sign }: CertificateOptions): string {
  const subject = name('WeChat Pay simulator')
  const version3 = item(0xa0, item(0x02, Buffer.from([2])))
  const signed = sequence(
    version3,
    item(0x02, bytes(serial)),
    ALGORITHM[scheme],
    subject,
    sequence(time('20200101000000Z'), time('20491231235959Z')),
    subject,
    spki,
  )
  const signature = item(0x03, Buffer.from([0]), sign(signed))
  const der = sequence(signed, ALGORITHM[scheme], signature)
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
