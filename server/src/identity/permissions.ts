/**
 * Permissions and roles, as data. A route asks for one permission; a user has those of all his
 * roles; nothing else grants anything.
 *
 * The easy mistake: reading "viewer" as "sees everything". What names persons or watches users
 * (`personal.read`, `audit.read`, `users.read`, `keys.read`) is granted by name alone.
 */

/** A text in both languages. */
export interface Title {
  readonly en: string
  readonly zh: string
}

const PERMISSION_ROWS = [
  ['books.read', 'See books, accounts and balances', '查看账簿、账户与余额'],
  ['books.write', 'Open books and accounts', '开立账簿与账户'],
  ['transfers.create', 'Post transfers by hand', '手工记账'],
  ['accounts.freeze', 'Freeze and release accounts', '止付与解除止付账户'],
  ['payments.read', 'See payments', '查看支付'],
  ['payments.create', 'Take payments', '发起收款'],
  ['plans.create', 'Make payment plans', '创建支付计划'],
  ['payouts.create', 'Ask for payouts', '发起付款'],
  ['refunds.create', 'Ask for refunds', '发起退款'],
  ['exceptions.read', 'See exceptions', '查看异常'],
  ['exceptions.resolve', 'Resolve exceptions', '处理异常'],
  ['channels.read', 'See channels', '查看渠道'],
  ['routing.read', 'See routing rules', '查看路由规则'],
  ['routing.propose', 'Propose routing rules', '提交路由规则变更'],
  ['codes.read', 'See response codes', '查看响应码'],
  ['codes.propose', 'Propose what a response code means', '提交响应码分类'],
  ['quality.read', 'See success rates', '查看成功率'],
  ['approvals.read', 'See approval requests', '查看审批单'],
  ['approvals.decide', 'Approve or reject what others asked for', '审批他人的申请'],
  ['approvals.request', 'Ask for approval', '提交审批'],
  ['audit.read', 'Read the audit log', '查看审计日志'],
  ['users.read', 'See users', '查看用户'],
  ['users.manage', 'Invite and disable users, grant roles', '邀请、停用用户与授予角色'],
  ['keys.read', 'See API keys', '查看接口密钥'],
  ['keys.manage', 'Make and revoke API keys', '创建与吊销接口密钥'],
  ['webhooks.read', 'See webhook endpoints and deliveries', '查看回调地址与投递记录'],
  ['webhooks.manage', 'Change webhook endpoints', '管理回调地址'],
  ['events.read', 'See events', '查看事件'],
  ['events.replay', 'Send events again', '重发事件'],
  ['stops.read', 'See emergency stops', '查看紧急停用'],
  ['stops.pause', 'Pause what moves money', '紧急停用'],
  ['stops.resume', 'Resume what was paused', '恢复停用'],
  ['personal.read', 'See names, cards and numbers unmasked', '查看未脱敏的个人信息'],
  ['sandbox.use', 'Use the sandbox', '使用沙箱'],
] as const satisfies readonly (readonly [string, string, string])[]

export type Permission = (typeof PERMISSION_ROWS)[number][0]

/** Every permission there is, with its title. */
export const PERMISSIONS: ReadonlyMap<Permission, Title> = new Map(
  PERMISSION_ROWS.map(([name, en, zh]) => [name, { en, zh }]),
)

/** Readings that not even a viewer has for the asking. */
const GUARDED_READINGS: readonly Permission[] = [
  'personal.read',
  'audit.read',
  'users.read',
  'keys.read',
]

const VIEWER = [...PERMISSIONS.keys()].filter(
  (name) => name.endsWith('.read') && !GUARDED_READINGS.includes(name),
)

export const ROLES = [
  'viewer',
  'operator',
  'approver',
  'finance',
  'product',
  'engineer',
  'administrator',
  'merchant',
] as const
export type Role = (typeof ROLES)[number]

interface RoleRow {
  readonly title: Title
  readonly permissions: readonly Permission[]
}

const ROLE_TABLE: Readonly<Record<Role, RoleRow>> = {
  viewer: { title: { en: 'Viewer', zh: '观察员' }, permissions: VIEWER },
  operator: {
    title: { en: 'Operator', zh: '运营' },
    permissions: [
      ...VIEWER,
      'payments.create',
      'plans.create',
      'payouts.create',
      'refunds.create',
      'exceptions.resolve',
      'approvals.request',
      'stops.pause',
      'events.replay',
    ],
  },
  approver: {
    title: { en: 'Approver', zh: '审批人' },
    permissions: [...VIEWER, 'approvals.decide', 'audit.read'],
  },
  finance: {
    title: { en: 'Finance', zh: '财务' },
    permissions: [
      ...VIEWER,
      'books.write',
      'transfers.create',
      'accounts.freeze',
      'payouts.create',
      'refunds.create',
      'exceptions.resolve',
      'approvals.request',
      'personal.read',
      'audit.read',
    ],
  },
  product: {
    title: { en: 'Product', zh: '产品' },
    permissions: [...VIEWER, 'routing.propose', 'codes.propose', 'approvals.request'],
  },
  engineer: {
    title: { en: 'Engineer', zh: '工程师' },
    permissions: [
      ...VIEWER,
      'keys.read',
      'keys.manage',
      'webhooks.manage',
      'events.replay',
      'sandbox.use',
      'approvals.request',
      'audit.read',
    ],
  },
  administrator: {
    title: { en: 'Administrator', zh: '管理员' },
    permissions: [
      'users.read',
      'users.manage',
      'keys.read',
      'keys.manage',
      'approvals.request',
      'approvals.read',
      'audit.read',
      'stops.pause',
      'stops.resume',
    ],
  },
  merchant: {
    title: { en: 'Merchant', zh: '商户' },
    permissions: [
      'payments.read',
      'payments.create',
      'plans.create',
      'refunds.create',
      'webhooks.read',
      'webhooks.manage',
      'events.read',
      'keys.read',
      'keys.manage',
    ],
  },
}

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text)
}

export function isPermission(text: string): text is Permission {
  return PERMISSIONS.has(text as Permission)
}

export function roleTitle(role: Role): Title {
  return ROLE_TABLE[role].title
}

/** What a holder of these roles may do. */
export function permissionsOf(roles: readonly Role[]): ReadonlySet<Permission> {
  return new Set(roles.flatMap((role) => ROLE_TABLE[role].permissions))
}
