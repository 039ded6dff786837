/** A thread of `sm2-verifier.ts`: takes lists of jobs, answers each with a list of verdicts. */
import { parentPort } from 'node:worker_threads'
import { createSm2Tables } from './sm2-table.ts'
import type { Sm2Job } from './sm2-verifier.ts'

const tables = createSm2Tables()

parentPort?.on('message', (jobs: readonly Sm2Job[]) => {
  parentPort?.postMessage(jobs.map((job) => tables.verify(...job)))
})
