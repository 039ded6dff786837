/**
 * Reads the lists of `schemes/codes`: `<list>.csv`, one row a code, and `reasons.csv`, the sentences a
 * payer reads for each reason. All files are taken, or none: the refusal names every mistake by file,
 * row and column.
 *
 * A row's own text wins over its reason's; a reason may have another text per direction.
 */
import { createHash } from 'node:crypto'
import { parse } from 'csv-parse/sync'
import type { Cause, Certainty, Retry } from './classification.ts'
import { type CodeRow, directionFault, rowFaults, type Text } from './code-row.ts'
import type { Direction } from './direction.ts'

export interface CodeFile {
  /** Such as `wechat-pay.csv`. */
  readonly name: string
  readonly text: string
}

/** The codes as the files have them. */
export interface CodeSet {
  readonly rows: readonly CodeRow[]
  /** SHA-256 over names and texts of the files, the first 12 hex digits. */
  readonly version: string
  /** The sentence of a reason, for a code somebody classifies later. */
  textOf(reason: string, direction: Direction | 'any'): Text | undefined
}

export interface CodeFault {
  readonly file: string
  /** Line in the file, from 1. */
  readonly row: number
  readonly column: string
  readonly says: string
}

/** The files hold mistakes; nothing of them was taken. */
export class CodesRefused extends Error {
  override name = 'CodesRefused'
  readonly faults: readonly CodeFault[]
  constructor(faults: readonly CodeFault[]) {
    const lines = faults.map((one) => `- ${one.file} row ${one.row}, ${one.column}: ${one.says}`)
    super(`Correct the lists of response codes:\n${lines.join('\n')}`)
    this.faults = faults
  }
}

const REASONS_FILE = 'reasons.csv'
const LIST_NAME = /^([a-z][a-z0-9-]*)\.csv$/
const LIST_COLUMNS =
  'direction,code,alias,cause,reason,certainty,retry,text_zh,text_en,meaning,source'.split(',')
const REASON_COLUMNS = 'reason,direction,text_zh,text_en'.split(',')

/** The codes of the files. Throws `CodesRefused`. */
export function readCodes(files: readonly CodeFile[]): CodeSet {
  const faults: CodeFault[] = []
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1))
  const reasons = readReasons(sorted, faults)
  const textOf = (reason: string, direction: string) =>
    reasons.get(`${reason} ${direction}`) ?? reasons.get(`${reason} any`)
  const rows: CodeRow[] = []
  const seen = new Map<string, string>()
  for (const file of sorted) {
    if (file.name === REASONS_FILE) continue
    const list = LIST_NAME.exec(file.name)?.[1]
    if (list === undefined) {
      faults.push({ file: file.name, row: 1, column: 'name', says: 'name it <list>.csv' })
      continue
    }
    for (const record of recordsOf(file, LIST_COLUMNS, faults)) {
      for (const row of rowsOf(list, record, textOf, faults)) {
        const key = `${list} ${row.direction} ${row.code}`
        const before = seen.get(key)
        if (before !== undefined) {
          const says = `${row.code} stands on row ${before} already`
          faults.push({ file: file.name, row: record.line, column: 'code', says })
        }
        seen.set(key, String(record.line))
        rows.push(row)
      }
    }
  }
  if (faults.length > 0) throw new CodesRefused(faults)
  const hash = createHash('sha256')
  for (const { name, text } of sorted) hash.update(`${name}\0${text}\0`)
  return { rows, version: hash.digest('hex').slice(0, 12), textOf }
}

interface FileRecord {
  readonly file: string
  readonly line: number
  readonly cells: Readonly<Record<string, string>>
}

/** The lines of a file under its column names; a file that is not CSV gives a fault and no lines. */
function recordsOf(file: CodeFile, columns: string[], faults: CodeFault[]): FileRecord[] {
  try {
    const lines = parse(file.text, {
      bom: true,
      info: true,
      skip_empty_lines: true,
    }) as unknown as {
      record: string[]
      info: { lines: number }
    }[]
    const [head, ...rest] = lines
    if (head?.record.join() !== columns.join()) {
      const says = `write the columns ${columns.join(',')}`
      faults.push({ file: file.name, row: 1, column: 'columns', says })
      return []
    }
    return rest.map(({ record, info }) => ({
      ...{ file: file.name, line: info.lines },
      cells: Object.fromEntries(columns.map((name, i) => [name, record[i] ?? ''])),
    }))
  } catch (error) {
    const { message, lines } = error as Error & { lines?: number }
    faults.push({ file: file.name, row: lines ?? 1, column: 'line', says: message })
    return []
  }
}

function readReasons(files: readonly CodeFile[], faults: CodeFault[]): Map<string, Text> {
  const reasons = new Map<string, Text>()
  const file = files.find(({ name }) => name === REASONS_FILE)
  if (file === undefined) {
    faults.push({ file: REASONS_FILE, row: 1, column: 'name', says: 'add this file' })
    return reasons
  }
  for (const { line, cells } of recordsOf(file, REASON_COLUMNS, faults)) {
    const key = `${cells.reason} ${cells.direction}`
    const direction = directionFault(cells.direction!)
    if (direction !== undefined) {
      faults.push({ file: REASONS_FILE, row: line, column: 'direction', says: direction })
    }
    if (reasons.has(key)) {
      const says = `${key} stands above already`
      faults.push({ file: REASONS_FILE, row: line, column: 'reason', says })
    }
    reasons.set(key, { zh: cells.text_zh!, en: cells.text_en! })
  }
  return reasons
}

/** The rows of a line: one for its code and one for each other way the channel spells it. */
function rowsOf(
  list: string,
  { file, line, cells }: FileRecord,
  textOf: (reason: string, direction: string) => Text | undefined,
  faults: CodeFault[],
): CodeRow[] {
  const { direction, code, alias, cause, reason, certainty, retry, source } = cells
  const of = textOf(reason!, direction!)
  const text = { zh: cells.text_zh || (of?.zh ?? ''), en: cells.text_en || (of?.en ?? '') }
  const fields = { cause: cause!, reason: reason!, certainty: certainty!, retry: retry!, text }
  const found = rowFaults({ ...fields, direction: direction!, code: code! })
  faults.push(...found.map((fault) => ({ file, row: line, ...fault })))
  if (source === '')
    faults.push({ file, row: line, column: 'source', says: 'say where it is from' })
  const spellings = [code!, ...alias!.split(' ').filter((one) => one !== '')]
  return spellings.map((spelling) => ({
    ...{ list, direction: direction as Direction | 'any', code: spelling, reason: reason!, text },
    ...(cause !== '' && { cause: cause as Cause }),
    ...{ certainty: certainty as Certainty, retry: retry as Retry },
  }))
}
