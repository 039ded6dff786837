/** Policies as sentences, in both languages, told from the rules themselves and never from a title. */
import { formatMoney, type Language } from '#money'
import type { Texts } from './action.ts'
import type { Policies, PolicyRule } from './policy.ts'

/** A sentence for each rule in order, then break-glass and appointments. */
export function describePolicies(policies: Policies): Texts[] {
  const { break_glass: glass, appointment_hours: hours } = policies
  return [
    ...policies.rules.map((rule) => ({ en: ruleEn(rule), zh: ruleZh(rule) })),
    {
      en: `In an emergency: two persons with ${glass.permission} within ${hoursEn(glass.expires_hours)}, and an alarm.`,
      zh: `紧急情况：由两名拥有 ${glass.permission} 权限的人在 ${glass.expires_hours} 小时内审批，并发出告警。`,
    },
    hours === 0
      ? {
          en: 'Whoever was given rights by a party to a request may decide on it.',
          zh: '由申请相关人授予权限的人可以审批该申请。',
        }
      : {
          en: `Whoever was given rights by a party to a request in the last ${hoursEn(hours)} does not decide on it.`,
          zh: `最近 ${hours} 小时内由申请相关人授予权限的人不得审批该申请。`,
        },
  ]
}

function ruleEn(rule: PolicyRule): string {
  const who = rule.action === '*' ? 'Everything else' : rule.action
  const what = `${who}${amounts(rule, 'en')}`
  if (rule.checkers === 0) return `${what}: nobody has to agree.`
  const persons = rule.checkers === 1 ? 'another person' : 'two other persons'
  const remind =
    rule.remind_hours === undefined ? '' : `, reminded after ${hoursEn(rule.remind_hours)}`
  return `${what}: ${persons} with ${rule.permission} within ${hoursEn(rule.expires_hours ?? 24)}${remind}.`
}

function ruleZh(rule: PolicyRule): string {
  const who = rule.action === '*' ? '其他所有操作' : rule.action
  const what = `${who}${amounts(rule, 'zh')}`
  if (rule.checkers === 0) return `${what}：无需审批。`
  const persons = rule.checkers === 1 ? '另外一人' : '另外两人'
  const remind = rule.remind_hours === undefined ? '' : `，${rule.remind_hours} 小时后提醒`
  return `${what}：由${persons}（须有 ${rule.permission} 权限）在 ${rule.expires_hours ?? 24} 小时内审批${remind}。`
}

function amounts({ amount_from: from, amount_under: under }: PolicyRule, language: Language) {
  const money = (fen: string) => formatMoney({ amount: BigInt(fen), currency: 'CNY' }, language)
  const zh = language === 'zh'
  const parts = [
    ...(from === undefined ? [] : [zh ? `不低于 ${money(from)}` : `of at least ${money(from)}`]),
    ...(under === undefined ? [] : [zh ? `低于 ${money(under)}` : `under ${money(under)}`]),
  ]
  if (parts.length === 0) return ''
  return zh ? `（${parts.join('，')}）` : ` ${parts.join(' and ')}`
}

const hoursEn = (hours: number): string => (hours === 1 ? '1 hour' : `${hours} hours`)
