import { describe, expect, it } from 'vitest'
import { createMetrics } from './metrics.ts'

describe('metrics', () => {
  it('prints counters, gauges and histograms', async () => {
    const metrics = createMetrics()
    metrics
      .counter('tenon_commands_total', 'Commands.', ['outcome'])
      .inc({ outcome: 'accepted' }, 2)
    let depth = 3
    metrics.gauge('tenon_queue_depth', 'Waiting commands.', { read: () => depth })
    metrics.histogram('tenon_commit_seconds', 'Commits.', { buckets: [0.1, 1] }).observe(0.25)
    depth = 4
    const { body, contentType } = await metrics.page()
    expect(contentType).toContain('text/plain')
    for (const line of [
      'tenon_commands_total{outcome="accepted"} 2',
      'tenon_queue_depth 4',
      'tenon_commit_seconds_bucket{le="0.1"} 0',
      'tenon_commit_seconds_bucket{le="1"} 1',
      'tenon_commit_seconds_sum 0.25',
    ]) {
      expect(body.split('\n')).toContain(line)
    }
  })

  it('keeps registries apart, so that two servers in one process do not meet', async () => {
    const first = createMetrics()
    const second = createMetrics({ process: true })
    first.counter('tenon_a_total', 'A.')
    second.counter('tenon_a_total', 'A.').inc()
    expect((await first.page()).body).toContain('tenon_a_total 0')
    expect((await second.page()).body).toContain('tenon_process_cpu_seconds_total')
  })

  it('refuses names that would not be found again', () => {
    const metrics = createMetrics()
    expect(() => metrics.counter('tenon_commands', 'x')).toThrow('must be named tenon_…_total')
    expect(() => metrics.histogram('tenon_wait_ms', 'x')).toThrow('must be named tenon_…_seconds')
    expect(() => metrics.gauge('queue', 'x')).toThrow('must be named tenon_…')
  })
})
