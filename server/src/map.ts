/**
 * The law of imports: which module may use which, as data. A test holds the code to it: an import
 * that is not listed fails, and so does a listed one that nobody uses, and a cycle.
 *
 * Modules stand low to high. A lower one never calls up; it records an event, and `main.ts`, which
 * alone may import every module, subscribes the higher one.
 */

export interface ModuleRule {
  /** The modules it may import, by their doors. */
  readonly uses: readonly string[]
  /** Folders with an `index.ts` of their own that the composition root and the tools may import. */
  readonly innerDoors?: readonly string[]
  /** Its PostgreSQL schema, which has its name, holds rows of books: `book_id` leads every key. */
  readonly money?: boolean
}

export const moduleMap: Readonly<Record<string, ModuleRule>> = {
  base: { uses: [], innerDoors: ['http', 'postgres'] },
  money: { uses: [] },
  vault: { uses: [] },
  audit: { uses: ['base'] },
  ledger: { uses: ['base', 'money'], money: true },
  identity: { uses: ['base', 'vault', 'audit'], innerDoors: ['testing'] },
  approvals: { uses: ['base', 'money', 'audit'] },
  stops: { uses: ['base', 'ledger', 'audit', 'approvals'] },
  webhooks: { uses: ['base', 'money', 'audit'] },
  codes: { uses: ['base'], innerDoors: ['testing'] },
  channels: { uses: ['base', 'money', 'vault', 'ledger'], money: true },
  quality: { uses: ['base', 'codes'], innerDoors: ['testing'] },
  routing: { uses: ['base', 'money', 'codes', 'channels', 'quality'] },
  payments: {
    uses: ['base', 'money', 'ledger', 'codes', 'channels', 'quality', 'routing'],
    money: true,
  },
  custody: { uses: ['base', 'money', 'ledger', 'channels'], money: true },
}
