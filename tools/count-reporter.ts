import type { Reporter, TestModule } from 'vitest/node'

/** Ends every test run with one plain line that any CI can read: `N passed, N failed`. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0
    let failed = 0
    for (const testModule of modules) {
      let ran = 0
      for (const test of testModule.children.allTests()) {
        ran += 1
        const { state } = test.result()
        if (state === 'passed') passed += 1
        if (state === 'failed') failed += 1
      }
      // A file that does not load has no tests, and must not look like one that passed.
      if (ran === 0 && testModule.state() === 'failed') failed += 1
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  }
}
