import { defineConfig } from 'vitest/config'

/**
 * Every test file gets a database of its own, cloned from a template on one throw-away cluster that
 * `testing/cluster.ts` starts before the first file and removes after the last.
 */
export default defineConfig({
  test: {
    include: ['{server,simulators,sdk,tools}/**/*.test.ts'],
    globalSetup: ['server/testing/cluster.ts'],
    pool: 'forks',
    // Left alone it keeps one core for itself, which on two is half the machine.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', './tools/count-reporter.ts'],
  },
})
