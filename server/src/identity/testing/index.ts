/** The door to what tests of other parts need of identity. */
export {
  BY_OPERATOR,
  type IdentityWorld,
  identityWorld,
  type Member,
  member,
  ORG,
  VISIT,
} from './identity-world.ts'
