import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLinks, firstAdministratorLink } from './links.ts'
import { createSignIn } from './sign-in.ts'
import {
  codeAt,
  GOOD_PASSWORD,
  type IdentityWorld,
  identityWorld,
  VISIT,
} from './testing/identity-world.ts'

let ctx: IdentityWorld
beforeAll(async () => {
  ctx = await identityWorld()
})
afterAll(() => ctx.close())

describe('from an empty installation to a signed-in administrator', () => {
  it('goes by the one-time link, then by password and code', async () => {
    const made = await firstAdministratorLink(ctx, { orgId: 1, organisation: 'Harbour Homes' })
    const links = createLinks(ctx)
    const opened = await links.open(made!.token)
    if ('refused' in opened) throw new Error(opened.refused)
    const secret = opened.secret.reveal('test')
    const who = { login: 'Lin.Wei', name: '林伟', staffNumber: '0001' }
    const signed = await links.setPassword(
      {
        token: made!.token,
        password: GOOD_PASSWORD,
        code: codeAt(secret, ctx.wall.now()),
        who,
      },
      VISIT,
    )
    if ('refused' in signed) throw new Error(signed.refused)
    const caller = await ctx.sessions.identify(signed.token, VISIT.from)
    expect(caller).toMatchObject({ kind: 'user', orgId: 1, steppedUpAt: ctx.wall.now() })
    expect(caller!.permissions.has('users.manage')).toBe(true)
    expect(caller!.permissions.has('payments.read')).toBe(false)
    ctx.wall.advance(60_000)
    const again = await createSignIn(ctx).byPassword(
      {
        login: 'lin.wei',
        password: GOOD_PASSWORD,
        code: codeAt(secret, ctx.wall.now()),
      },
      VISIT,
    )
    expect(again).toHaveProperty('token')
    expect(await firstAdministratorLink(ctx, { orgId: 1, organisation: 'x' })).toBeUndefined()
  })
})
