/** Words and names: one word for one thing, nothing of the workplace, nothing left for later. */
import { atOffset, type Check, type Finding } from '../tree.ts'

/** These folders name the banned words in order to ban them. */
const SELF = /^tools\/tidy\//

/** Written by a tool, or not in our words. */
const FOREIGN = /^package-lock\.json$|(?:^|\/)fixtures\//

const readable = (path: string) => !SELF.test(path) && !FOREIGN.test(path)

/**
 * Other people's words that hold ours: settings and states of PostgreSQL, options of libraries, and
 * names that banks gave to their operations and fields.
 */
const LIBRARY_PHRASES =
  /database transactions?|last completed transaction|idle[_ ]in[_ ]transaction(?:_session_timeout)?|\b(?:set|start|begin) transaction\b|(?:default_)?transaction_(?:isolation|timeout|read_only|deferrable)|(?:no|single)Transaction|SingleTransaction\w*|max_locks_per_transaction|max_prepared_transactions|\/transactions?\b|\.transaction_id\b|\btransaction_id(?=['=:])|TRANSACTION\.SUCCESS|\.transactions\b|\btransactions_(?:native|h5|jsapi)\b|(?:^|\W)["'“`]transaction["'”`]/gi

export const bannedWords: Check = {
  name: 'banned words',
  files: (tree) =>
    tree.paths.filter((path) => readable(path) && /\.(?:tsx?|mjs|sql|md|ya?ml|html)$/.test(path)),
  run: (tree, paths) =>
    paths.flatMap((path) => {
      const text = tree.text(path).replace(LIBRARY_PHRASES, (phrase) => ' '.repeat(phrase.length))
      return [...text.matchAll(/transaction/gi)].map((match) =>
        atOffset(
          path,
          text,
          match.index,
          'The word means three things here: write transfer, payment, attempt or database tx.',
        ),
      )
    }),
}

const FILE_NAME = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)*$/
const VAGUE = /(?:^|-)(?:utils?|helpers?|common|managers?|services?|impl|misc)(?:$|[-.])/

export const fileNames: Check = {
  name: 'file names',
  files: (tree) =>
    tree.paths.filter((path) => /^(?:server|simulators|sdk|tools|schemes)\//.test(path)),
  run: (_, paths) =>
    paths.flatMap((path): Finding[] => {
      const parts = path.split('/')
      const vague = parts.find((part) => VAGUE.test(part))
      if (vague !== undefined) {
        return [{ path, line: 1, says: `Name ${vague} after what is in it: a noun or a verb.` }]
      }
      const odd = parts.find(
        (part) => !FILE_NAME.test(part) && part !== 'README.md' && !part.startsWith('README.'),
      )
      return odd === undefined ? [] : [{ path, line: 1, says: `Write ${odd} in kebab-case.` }]
    }),
}

const PLACES: readonly [RegExp, string][] = [
  [/(?<![\w.~/-])\/(?:work|root)\//g, 'A path of one machine'],
  [/(?<![\w.~-])\/(?:home|Users)\/[a-z][\w.-]*/g, 'A path of one machine'],
  [
    /\b(?:registry|npm|mirrors?|artifactory|nexus|verdaccio)\.[a-z0-9-]+\.[a-z]{2,}/gi,
    'A registry host',
  ],
  [/"resolved": "https?:/g, 'A registry host'],
]

/** The project speaks of no machine and no registry: a clone works anywhere. */
export const workplace: Check = {
  name: 'no workplace',
  files: (tree) => tree.paths.filter((path) => !SELF.test(path)),
  run: (tree, paths) =>
    paths.flatMap((path) => {
      const text = tree.text(path)
      return PLACES.flatMap(([pattern, what]) =>
        [...text.matchAll(pattern)].map((match) =>
          atOffset(path, text, match.index, `${what} does not belong in the project; take it out.`),
        ),
      )
    }),
}

/** XXX is also a currency code, so it counts only behind a comment mark. */
const LATER = /\b(?:TODO|FIXME)\b|(?:\/\/|\*|#|--)[^\n]*\bXXX\b/g

export const leftForLater: Check = {
  name: 'nothing left for later',
  files: (tree) => tree.paths.filter(readable),
  run: (tree, paths) =>
    paths.flatMap((path) => {
      const text = tree.text(path)
      return [...text.matchAll(LATER)].map((match) =>
        atOffset(
          path,
          text,
          match.index,
          'Do it now, or leave it out and say so in the documents.',
        ),
      )
    }),
}
