/** `npm run golden` writes every generated file; with `--check` it says which ones are out of date. */
import { bringUpToDate } from './compare.ts'
import { generatedFiles, ROOT } from './files.ts'

const check = process.argv.includes('--check')
let failed = 0
for (const file of generatedFiles) {
  const outcome = await bringUpToDate(file, ROOT, check)
  switch (outcome.kind) {
    case 'current':
      console.log(`ok       ${file.path}`)
      break
    case 'written':
      console.log(`written  ${file.path}`)
      break
    case 'stale':
      failed += 1
      console.log(`stale    ${file.path}:${outcome.line}  ${outcome.says}; run npm run golden`)
      break
    case 'failed':
      failed += 1
      console.log(`failed   ${file.path}  ${outcome.says}`)
      break
  }
}
console.log(`${generatedFiles.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
