/**
 * The database cluster of a test run: started once before the first file, with one template database
 * that every migration has been applied to, and removed after the last.
 */
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '../src/base/migrate.ts'
import { startThrowawayCluster } from './throwaway.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The cluster's superuser url, to its maintenance database. */
    clusterUrl: string
    /** The migrated database that test databases are copied from. Nobody connects to it. */
    templateName: string
  }
}

const TEMPLATE = 'tenon_template'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // `TENON_TEST_CLUSTER` runs the tests on a server of one's own, of another version for example.
  const given = process.env.TENON_TEST_CLUSTER
  const cluster =
    given === undefined
      ? await startThrowawayCluster()
      : { url: given, stop: () => Promise.resolve() }
  try {
    const admin = new pg.Client(cluster.url)
    await admin.connect()
    await admin.query(`drop database if exists ${TEMPLATE}`)
    await admin.query(`create database ${TEMPLATE}`)
    await admin.end()
    const url = new URL(cluster.url)
    url.pathname = `/${TEMPLATE}`
    await migrate({ url: url.href })
  } catch (error) {
    await cluster.stop()
    throw error
  }
  project.provide('clusterUrl', cluster.url)
  project.provide('templateName', TEMPLATE)
  return () => cluster.stop()
}
