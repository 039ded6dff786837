/** Documents: links lead somewhere, commands exist, a word of the glossary has one identifier. */
import { posix } from 'node:path'
import { atOffset, type Check, type Finding, type Tree } from '../tree.ts'

const isDocument = (path: string) => path.endsWith('.md')

/** The text with fenced and inline code blanked out, so that examples are not taken for links. */
function prose(text: string): string {
  const blank = (code: string) => code.replace(/[^\n]/g, ' ')
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, blank).replace(/`[^`\n]*`/g, blank)
}

export const links: Check = {
  name: 'document links',
  files: (tree) => tree.paths.filter(isDocument),
  run: (tree, paths) =>
    paths.flatMap((path) => {
      const text = prose(tree.text(path))
      const found = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)]
      return found.flatMap((match) => {
        const says = linkProblem(tree, path, match[1] ?? match[2] ?? '')
        return says === undefined ? [] : [atOffset(path, text, match.index, says)]
      })
    }),
}

function linkProblem(tree: Tree, from: string, link: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined
  const [file, anchor] = link.split('#') as [string, string | undefined]
  const path =
    file === '' ? from : posix.normalize(posix.join(posix.dirname(from), decodeURI(file)))
  const folder = path === '.' ? '' : path.replace(/\/$/, '')
  const isFolder = tree.paths.some((each) => each.startsWith(`${folder}/`)) || folder === ''
  if (!tree.has(path) && !isFolder) {
    return `Nothing stands at ${path}; correct the link.`
  }
  if (anchor === undefined || !isDocument(path)) return undefined
  return headings(tree.text(path)).has(anchor) ? undefined : `${path} has no heading #${anchor}.`
}

/** The anchors of a document's headings, as code hosts make them. */
function headings(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const match of prose(text).matchAll(/^#{1,6}\s+(.+)$/gm)) {
    const base = match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replace(/ /g, '-')
    let anchor = base
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${base}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

/** Every command a document tells the reader to run is one that exists. */
export const commands: Check = {
  name: 'document commands',
  files: (tree) => tree.paths.filter(isDocument),
  run: (tree, paths) => {
    const manifest = JSON.parse(tree.text('package.json')) as { scripts?: Record<string, string> }
    const scripts = manifest.scripts ?? {}
    return paths.flatMap((path) => {
      const text = tree.text(path)
      return [...text.matchAll(/^```(?:sh|bash|shell|console)\n([\s\S]*?)^```/gm)].flatMap(
        (block) => {
          const start = block.index + block[0].indexOf('\n') + 1
          return commandsIn(block[1]!).flatMap(({ words, offset }): Finding[] => {
            const says = commandProblem(tree, scripts, words)
            return says === undefined ? [] : [atOffset(path, text, start + offset, says)]
          })
        },
      )
    })
  },
}

/** The commands of a block, one per line or joined by `&&`, each as its words. */
function commandsIn(block: string): { words: string[]; offset: number }[] {
  const found: { words: string[]; offset: number }[] = []
  let offset = 0
  for (const line of block.split('\n')) {
    for (const part of line.replace(/\s#\s.*$/, '').split(/&&|;|\|/)) {
      const words = part
        .trim()
        .replace(/^\$\s+/, '')
        .split(/\s+/)
      // Settings before a command, such as DATABASE_URL=… npm start.
      while (/^[A-Z_]+=/.test(words[0] ?? '')) words.shift()
      found.push({ words, offset })
    }
    offset += line.length + 1
  }
  return found
}

function commandProblem(
  tree: Tree,
  scripts: Readonly<Record<string, string>>,
  [program, verb, name]: readonly string[],
): string | undefined {
  if (program === 'npm' && verb === 'run' && name !== undefined && !(name in scripts)) {
    return `package.json has no script ${name}.`
  }
  if (program === 'npm' && (verb === 'start' || verb === 'test') && !(verb in scripts)) {
    return `package.json has no script ${verb}.`
  }
  const isOurs = program === 'npx' && verb === 'tenon'
  if (
    isOurs &&
    name !== undefined &&
    !name.startsWith('-') &&
    !tree.has(`tools/commands/${name}.ts`)
  ) {
    return `There is no command tenon ${name}.`
  }
  return undefined
}

/** In GLOSSARY.md every row has an identifier in its last column, and no identifier comes twice. */
export const glossary: Check = {
  name: 'glossary',
  files: (tree) => tree.paths.filter((path) => path === 'GLOSSARY.md'),
  run: (tree, paths) =>
    paths.flatMap((path) => {
      const text = tree.text(path)
      const findings: Finding[] = []
      const seen = new Map<string, number>()
      let rows = 0
      text.split('\n').forEach((line, index) => {
        const cells = line.split(/(?<!\\)\|/).slice(1, -1)
        if (cells.length < 3 || /^[\s:|-]+$/.test(line)) return
        const own = cells
          .map((cell) => /^\s*`([^`]+)`\s*$/.exec(cell)?.[1])
          .find((cell) => cell !== undefined)
        if (own === undefined) return
        rows += 1
        const before = seen.get(own)
        if (before !== undefined) {
          findings.push({ path, line: index + 1, says: `${own} stands on line ${before} already.` })
        }
        seen.set(own, index + 1)
      })
      if (rows === 0)
        findings.push({ path, line: 1, says: 'The glossary has no row with an `identifier`.' })
      return findings
    }),
}
