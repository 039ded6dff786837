/**
 * A rule as a sentence, in English and Chinese, told from the syntax tree of its condition and its
 * action, never from its title: what people approve is what runs.
 */
import type { ASTNode } from '@marcbachmann/cel-js'
import { formatMoney } from '#money'
import { createConditions, type Literal, literal, OPPOSITE, subject } from './condition.ts'
import type { Action, Rule } from './rule.ts'
import type { Locale } from './why.ts'

/** The sentence of a rule. Throws when its condition cannot be read: check the rule first. */
export function describe(rule: Pick<Rule, 'when' | 'then'>): Readonly<Record<Locale, string>> {
  const condition = createConditions()(rule.when)
  if ('problem' in condition) throw new Error(condition.problem.says)
  const { ast } = condition
  const always = ast.op === 'value' && ast.args === true
  return {
    en: always
      ? `Always ${actionEn(rule.then)}.`
      : `When ${say(ast, 'en', true)}, ${actionEn(rule.then)}.`,
    zh: spaced(
      always
        ? `始终${actionZh(rule.then)}。`
        : `当${say(ast, 'zh', true)}时，${actionZh(rule.then)}。`,
    ),
  }
}

const NAMES: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  direction: ['the direction', '资金方向'],
  amount: ['the amount', '金额'],
  currency: ['the currency', '币种'],
  bank: ['the bank', '银行'],
  account_type: ['the account', '账户类型'],
  book: ['the book', '账簿'],
  hour: ['the hour', '时刻（时）'],
  weekday: ['the weekday', '星期'],
}

const VALUES: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  'direction.collect': ['pay-in', '收款'],
  'direction.pay': ['payout', '付款'],
  'direction.refund': ['refund', '退款'],
  'account_type.personal': ['personal', '个人'],
  'account_type.corporate': ['corporate', '对公'],
  'account_type.': ['unknown', '未知'],
  'bank.': ['unknown', '未知'],
  'weekday.1': ['Monday', '周一'],
  'weekday.2': ['Tuesday', '周二'],
  'weekday.3': ['Wednesday', '周三'],
  'weekday.4': ['Thursday', '周四'],
  'weekday.5': ['Friday', '周五'],
  'weekday.6': ['Saturday', '周六'],
  'weekday.7': ['Sunday', '周日'],
}

const RELATIONS: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  '==': ['is', '为'],
  '!=': ['is not', '不为'],
  '<': ['is under', '小于'],
  '<=': ['is at most', '不超过'],
  '>': ['is over', '大于'],
  '>=': ['is at least', '不低于'],
}

const TEXT_TESTS: Readonly<Record<string, readonly [string, string, string, string]>> = {
  startsWith: ['begins with', 'does not begin with', '以…开头', '不以…开头'],
  endsWith: ['ends with', 'does not end with', '以…结尾', '不以…结尾'],
  contains: ['contains', 'does not contain', '包含…', '不包含…'],
}

/** `inner`: inside a conjunction of the other kind, so parentheses are needed. */
function say(node: ASTNode, locale: Locale, positive: boolean, inner?: '&&' | '||'): string {
  const en = locale === 'en'
  switch (node.op) {
    case 'value':
      return (node.args === true) === positive
        ? en
          ? 'always'
          : '恒成立'
        : en
          ? 'never'
          : '恒不成立'
    case '!_':
      return say(node.args, locale, !positive, inner)
    case '&&':
    case '||': {
      const op = positive ? node.op : node.op === '&&' ? '||' : '&&'
      const parts = node.args.map((part) => say(part, locale, positive, op))
      const text = parts.join(op === '&&' ? (en ? ' and ' : '且') : en ? ' or ' : '或')
      return inner !== undefined && inner !== op ? (en ? `(${text})` : `（${text}）`) : text
    }
    case 'in':
      return membership(node.args, locale, positive)
    case 'rcall': {
      const [name, receiver, args] = node.args
      const test = TEXT_TESTS[name]!
      const value = String(literal(args[0]!))
      const who = nameOf(subject(receiver) ?? '', locale)
      if (en) return `${who} ${positive ? test[0] : test[1]} ${value}`
      return who + (positive ? test[2] : test[3]).replace('…', value)
    }
    default: {
      const [left, right] = node.args as [ASTNode, ASTNode]
      const op = positive ? node.op : OPPOSITE[node.op]!
      const name = subject(left) ?? ''
      const relation = RELATIONS[op]![en ? 0 : 1]
      return joined(
        [nameOf(name, locale), relation, shownValue(name, literal(right)!, locale)],
        locale,
      )
    }
  }
}

function membership(
  [left, right]: readonly [ASTNode, ASTNode],
  locale: Locale,
  positive: boolean,
): string {
  const en = locale === 'en'
  if (right.op === 'id') {
    const method = String(literal(left))
    if (en) return `the payer can${positive ? '' : 'not'} pay by ${method}`
    return `付款人${positive ? '可' : '不可'}用${method}支付`
  }
  const name = subject(left) ?? ''
  const values = (right.args as ASTNode[]).map((part) => shownValue(name, literal(part)!, locale))
  if (en) return `${nameOf(name, locale)} is ${positive ? 'one' : 'none'} of ${values.join(', ')}`
  return `${nameOf(name, locale)}${positive ? '属于' : '不属于'}${values.join('、')}`
}

function joined(parts: readonly string[], locale: Locale): string {
  return parts.join(locale === 'en' ? ' ' : '')
}

function nameOf(name: string, locale: Locale): string {
  const known = NAMES[name]
  if (known !== undefined) return known[locale === 'en' ? 0 : 1]
  const own = name.replace('attributes.', '')
  return locale === 'en' ? `the attribute ${own}` : `属性 ${own}`
}

function shownValue(name: string, value: Literal, locale: Locale): string {
  const known = VALUES[`${name}.${value}`]
  if (known !== undefined) return known[locale === 'en' ? 0 : 1]
  if (name === 'amount' && typeof value === 'bigint') {
    return formatMoney({ amount: value, currency: 'CNY' }, locale)
  }
  return value === '' ? (locale === 'en' ? 'empty' : '空') : String(value)
}

/** Latin words and numbers stand apart from Chinese ones. */
function spaced(text: string): string {
  return text
    .replaceAll(/([\w%])(?=[\u4e00-\u9fff])/g, '$1 ')
    .replaceAll(/([\u4e00-\u9fff])(?=[\w¥])/g, '$1 ')
}

/** Parts per million as a per cent: `12.5 %`. */
function share(ppm: number): string {
  const text = String(ppm).padStart(5, '0')
  const fraction = text.slice(-4).replace(/0+$/, '')
  return `${text.slice(0, -4)}${fraction === '' ? '' : `.${fraction}`} %`
}

function actionEn(action: Action): string {
  if ('prefer' in action) return `prefer ${action.prefer.join(', then ')}`
  if ('exclude' in action) return `exclude ${action.exclude.join(', ')}`
  if ('only' in action) return `use only ${action.only.join(', ')}`
  if ('weigh' in action) {
    const parts = Object.entries(action.weigh).map(([name, ppm]) => `${name} at ${share(ppm)}`)
    return `weigh ${parts.join(', ')}`
  }
  const parts = Object.entries(action.split).map(([name, ppm]) => `${share(ppm)} to ${name}`)
  return `split the volume: ${parts.join(', ')}`
}

function actionZh(action: Action): string {
  if ('prefer' in action) return `优先使用 ${action.prefer.join('，其次 ')}`
  if ('exclude' in action) return `排除 ${action.exclude.join('、')}`
  if ('only' in action) return `只使用 ${action.only.join('、')}`
  if ('weigh' in action) {
    const parts = Object.entries(action.weigh).map(([name, ppm]) => `${name} 按 ${share(ppm)}`)
    return `调整权重：${parts.join('、')}`
  }
  const parts = Object.entries(action.split).map(([name, ppm]) => `${name} 占 ${share(ppm)}`)
  return `按比例分流：${parts.join('、')}`
}
