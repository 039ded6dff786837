/**
 * Passwords everybody tries first. A list of the commonest cannot be whole, so the words behind them
 * are looked for instead: what is left of a password without the digits and signs around it and with
 * the usual substitutions undone.
 */

const WORDS = new Set(
  (
    'password passwort passphrase passwd mypassword newpassword changeme changeit letmein welcome ' +
    'administrator admin root superuser guest default secret master login access manager operator ' +
    'qwerty qwertyui qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc qweasd qweasdzxc ' +
    'iloveyou ilovechina sunshine princess football baseball basketball superman batman dragon ' +
    'monkey shadow michael jennifer trustno starwars pokemon computer internet whatever freedom ' +
    'abcdef abcdefg abcdefgh abcdefghij abcdefghijkl woaini woaizhongguo woaiwojia zhongguo ' +
    'beijing shanghai mima wodemima aini test testtest testing example tenon tenonpay payment ' +
    'payments custody company office winter spring summer autumn monday friday january correcthorse'
  ).split(' '),
)

/** Long enough for a password in themselves, and known to everybody who guesses. */
const WHOLE = new Set(
  (
    '1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv zaq12wsxcde3 q1w2e3r4t5y6 ' +
    'a1b2c3d4e5f6 qwer1234asdf 5201314520131 woaini5201314 woaini1314520 aini13145201314 ' +
    'correcthorsebatterystaple'
  ).split(' '),
)

/** Rows of keys and counting, both ways; a password made of pieces of one is common. */
const RUNS = ['01234567890123456789', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm']

const FEWEST_DIFFERENT = 5

/** Whether a password in lower case is among those tried first. */
export function isCommonPassword(password: string): boolean {
  const plain = password.replace(/[\s_.-]/g, '')
  if (new Set(plain).size < FEWEST_DIFFERENT) return true
  if (WHOLE.has(plain) || isRun(plain) || isRepeated(plain)) return true
  const read = unleeted(plain.replace(/^[^a-z@$]+|[^a-z@$]+$/g, ''))
  return WORDS.has(read) || WORDS.has(plain.replace(/[^a-z]/g, ''))
}

function isRun(text: string): boolean {
  return RUNS.some((run) => {
    const there = run + run
    const back = [...there].reverse().join('')
    return there.includes(text) || back.includes(text)
  })
}

/** A part of at most seven characters, over and over. */
function isRepeated(text: string): boolean {
  const again = (text + text).indexOf(text, 1)
  return again < text.length && again < 8
}

const LEET: Readonly<Record<string, string>> = {
  ...{ '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i' },
}

function unleeted(text: string): string {
  return [...text].map((sign) => LEET[sign] ?? sign).join('')
}
