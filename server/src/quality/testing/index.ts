/** The test ground of success rates, for benches too: facts made from numbers. */
export { eventsOf, factOf } from './facts.ts'
