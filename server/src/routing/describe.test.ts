import { expect, test } from 'vitest'
import { describe } from './describe.ts'
import type { Rule } from './rule.ts'
import { defaultRules, rule } from './testing/ground.ts'

test.each<[string, Rule['then'], string, string]>([
  [
    'direction == "pay" && amount >= 5000000 && bank in ["ICBC", "ABC"]',
    { only: ['bank-direct'] },
    'When the direction is payout and the amount is at least CNY 50,000.00 and the bank is one of ICBC, ABC, use only bank-direct.',
    '当资金方向为付款且金额不低于 ¥50,000.00 且银行属于 ICBC、ABC 时，只使用 bank-direct。',
  ],
  [
    'account_type == "corporate" && (hour < 9 || hour >= 17)',
    { exclude: ['netsunion', 'unionpay'] },
    'When the account is corporate and (the hour is under 9 or the hour is at least 17), exclude netsunion, unionpay.',
    '当账户类型为对公且（时刻（时）小于 9 或时刻（时）不低于 17）时，排除 netsunion、unionpay。',
  ],
  [
    '!(bank == "ICBC" || amount > 100)',
    { prefer: ['unionpay', 'netsunion'] },
    'When the bank is not ICBC and the amount is at most CNY 1.00, prefer unionpay, then netsunion.',
    '当银行不为 ICBC 且金额不超过 ¥1.00 时，优先使用 unionpay，其次 netsunion。',
  ],
  [
    'weekday in [6, 7] && !("wechat_h5" in methods)',
    { weigh: { unionpay: 1_200_000 } },
    'When the weekday is one of Saturday, Sunday and the payer cannot pay by wechat_h5, weigh unionpay at 120 %.',
    '当星期属于周六、周日且付款人不可用 wechat_h5 支付时，调整权重：unionpay 按 120 %。',
  ],
  [
    'attributes.scene == "" || attributes.city.startsWith("bei")',
    { split: { netsunion: 875_000, unionpay: 125_000 } },
    'When the attribute scene is empty or the attribute city begins with bei, split the volume: 87.5 % to netsunion, 12.5 % to unionpay.',
    '当属性 scene 为空或属性 city 以 bei 开头时，按比例分流：netsunion 占 87.5 %、unionpay 占 12.5 %。',
  ],
  [
    'true',
    { split: { netsunion: 999_950, unionpay: 50 } },
    'Always split the volume: 99.995 % to netsunion, 0.005 % to unionpay.',
    '始终按比例分流：netsunion 占 99.995 %、unionpay 占 0.005 %。',
  ],
])('%s', (when, then, en, zh) => {
  expect(describe(rule('a', when, then))).toEqual({ en, zh })
})

test('every rule of the project has its sentences', () => {
  for (const each of defaultRules().rules) {
    const { en, zh } = describe(each)
    expect(en).toMatch(/^(When|Always) .+\.$/)
    expect(zh).toMatch(/^(当|始终).+。$/)
  }
})
