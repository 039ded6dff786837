/** The lists of `schemes/codes`, read from the checkout: for tests and tools. */
import { readdirSync, readFileSync } from 'node:fs'
import { type CodeFile, type CodeSet, readCodes } from '../read-codes.ts'

const FOLDER = new URL('../../../../schemes/codes/', import.meta.url)

export function codeFiles(): CodeFile[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.csv'))
    .map((name) => ({ name, text: readFileSync(new URL(name, FOLDER), 'utf8') }))
}

export function codesOfCheckout(): CodeSet {
  return readCodes(codeFiles())
}
