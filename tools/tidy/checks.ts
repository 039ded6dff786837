/** All checks, in the order they are printed. */
import { commands, glossary, links } from './checks/documents.ts'
import { browserSafe, importMap, moduleDoors, simulatorsApart } from './checks/imports.ts'
import { migrations } from './checks/migrations.ts'
import { pureModules } from './checks/purity.ts'
import { effectGuards, moneyKeys, pureSql, sqlPlaces, tableOwners } from './checks/sql.ts'
import { refusalTests, testsRun } from './checks/tests.ts'
import { bannedWords, fileNames, leftForLater, workplace } from './checks/words.ts'
import type { Check } from './tree.ts'

export const checks: readonly Check[] = [
  importMap,
  moduleDoors,
  simulatorsApart,
  browserSafe,
  tableOwners,
  sqlPlaces,
  moneyKeys,
  pureSql,
  effectGuards,
  pureModules,
  migrations,
  bannedWords,
  fileNames,
  workplace,
  leftForLater,
  testsRun,
  refusalTests,
  links,
  commands,
  glossary,
]
