/**
 * Making a key as an action that takes a second person: how somebody gets a key that may do more than
 * he himself. The shapes are those of guarded actions; the module of approvals stands above this one,
 * so what notes an approval as used comes in as an argument.
 *
 * The easy mistake: a secret. What an action did is kept with its request for everybody who may see
 * it, so a key made this way has no secret: it signs.
 */
import { type Static, Type } from 'typebox'
import { type Db, derivedUuid, type OutboxEvent, parsePublicId, publicId, type Tx } from '#base'
import { readVerificationKey, SIGNATURE_ALGORITHMS } from '#vault'
import { isLive, KEY_ROLES } from './key.ts'
import { personBehind } from './key-store.ts'
import type { KeyDraft, Keys } from './keys.ts'
import { PERMISSIONS, permissionsOf } from './permissions.ts'
import type { Wall } from './session.ts'

const words = <T extends string>(values: readonly T[]) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values] })

const Content = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    merchant: Type.Optional(Type.String({ pattern: '^mch_0_[0-9a-f]{32}$' })),
    role: words(KEY_ROLES),
    permissions: Type.Optional(
      Type.Array(words([...PERMISSIONS.keys()]), { minItems: 1, maxItems: 50 }),
    ),
    algorithm: words(SIGNATURE_ALGORITHMS),
    public_key: Type.String({ minLength: 80, maxLength: 4_000 }),
  },
  { additionalProperties: false },
)

export type CreateKey = Static<typeof Content>

/** An approved request, as far as it matters here. */
interface Approved {
  readonly id: string
  readonly hash: string
  readonly maker: string
  readonly checkers: readonly string[]
}

export interface KeyActionOptions {
  readonly db: Db
  readonly wall: Wall
  readonly keys: Keys
  /** Notes an approval as used, in this tx; `false` when it was before, or may not be. */
  markExecuted(tx: Tx, orgId: number, approval: Approved): Promise<boolean>
  /** The event that goes with it. */
  executedEvent(orgId: number, approval: Approved): OutboxEvent
}

type Refused = { readonly refused: string; readonly detail: string }

/** `identity.create_key`, to be registered with the module of approvals. */
export function createKeyAction(options: KeyActionOptions) {
  const { db, wall, keys } = options
  return {
    action: 'identity.create_key',
    title: { en: 'Make an API key', zh: '创建接口密钥' },
    content: Content,
    permission: 'keys.manage',
    book: () => 0,
    preview: async (orgId: number, content: CreateKey) => {
      try {
        readVerificationKey(content.algorithm, content.public_key)
      } catch (error) {
        return { refused: 'key_public_wrong', detail: `Correct it: ${(error as Error).message}.` }
      }
      const { merchant } = content
      const merchantId = merchant && parsePublicId(merchant, 'mch')?.uuid
      const all = await keys.list({ orgId, ...(merchantId ? { merchantId } : {}) }, 200)
      const now = wall.now()
      const live = all.filter((key) => isLive(key, now) && key.merchantId === merchantId).length
      const may = content.permissions ?? [...permissionsOf([content.role])]
      const list = may.join(', ')
      const en = `The key "${content.name}" may: ${list}`
      const zh = `密钥“${content.name}”将获得权限：${list}`
      const holder = {
        account: merchant ?? 'organisation',
        before: `${live}`,
        after: `${live + 1}`,
      }
      const keysLive = { en: 'Live keys of the holder', zh: '持有人的有效密钥数' }
      return { lines: [{ what: { en, zh } }, { what: keysLive, ...holder }] }
    },
    execute: async (
      orgId: number,
      content: CreateKey,
      approval: Approved,
    ): Promise<{ readonly done: unknown } | Refused> => {
      // The id follows from the approval, so that doing it again finds the key and makes no second.
      const id = derivedUuid('identity.create_key', approval.id)
      const done = { done: { key: publicId('key', 0, id) } }
      if ((await keys.find({ orgId, id })) !== undefined) return done
      const maker = /_([0-9a-f]{32})$/.exec(approval.maker)?.[1]
      const person = maker === undefined ? '' : await personBehind(db, orgId, maker)
      const kind = approval.maker.startsWith('key_') ? 'key' : 'user'
      const made = await keys.make(draftOf(orgId, id, content), {
        actor: { kind, id: approval.maker, person },
        ...{ from: '', approval: approval.id },
        mark: async (tx) => {
          if (await options.markExecuted(tx, orgId, approval)) return
          throw new Error('The approval was used before, or may not be used now.')
        },
        events: [options.executedEvent(orgId, approval)],
      })
      if (!('refused' in made)) return done
      return { refused: made.refused.code, detail: made.refused.detail }
    },
  }
}

function draftOf(orgId: number, id: string, content: CreateKey): KeyDraft {
  const { name, role, algorithm, permissions, merchant } = content
  const merchantId = merchant && parsePublicId(merchant, 'mch')?.uuid
  return {
    ...{ id, orgId, name, role, algorithm, publicKey: content.public_key },
    ...{ secret: false, requiresSignature: true },
    ...(permissions !== undefined && { permissions }),
    ...(merchantId ? { merchantId } : {}),
  }
}
