/** A decision in words, for the payment's page, the logs of operations and the dry run. */
import { type Currency, formatMoney } from '#money'
import type { Candidate, RouteDecision } from './decision.ts'
import { type Locale, whyText } from './why.ts'

export interface ExplainedCandidate extends Candidate {
  readonly says: string
}

/** A sentence on the choice, and one on each channel. `currency` is the attempt's. */
export function explain(
  decision: RouteDecision,
  locale: Locale,
  currency: Currency = 'CNY',
): { readonly says: string; readonly candidates: readonly ExplainedCandidate[] } {
  const { channel, candidates, applied } = decision
  const chosen = candidates.find((candidate) => candidate.channel === channel)
  return {
    says:
      (chosen === undefined ? none(locale) : sentence(chosen, locale, currency)) +
      rules(applied, locale),
    candidates: candidates.map((candidate) => ({
      ...candidate,
      says: whyText(candidate.why, locale),
    })),
  }
}

function none(locale: Locale): string {
  return locale === 'en'
    ? 'No channel can take it; each one below says why.'
    : '没有可用通道，原因见下列各通道。'
}

function sentence(
  { channel, why, cost, successPpm }: Candidate,
  locale: Locale,
  currency: Currency,
) {
  const money = formatMoney({ amount: cost, currency }, locale)
  const success = percent(successPpm)
  return locale === 'en'
    ? `${channel} was chosen: ${whyText(why, 'en')}; expected success ${success}, cost ${money}.`
    : `选择 ${channel}：${whyText(why, 'zh')}；预期成功率 ${success}，成本 ${money}。`
}

function rules(applied: readonly string[], locale: Locale): string {
  if (applied.length === 0) return ''
  return locale === 'en'
    ? ` Rules that applied: ${applied.join(', ')}.`
    : `命中规则：${applied.join('、')}。`
}

/** Parts per million as a per cent with two digits: `99.27 %`. */
function percent(ppm: number): string {
  const hundredths = Math.round(ppm / 100)
  const fraction = String(hundredths % 100).padStart(2, '0')
  return `${Math.floor(hundredths / 100)}.${fraction} %`
}
