// The first file of a thread is JavaScript: a thread of Node 20 reads TypeScript only once the loader
// is registered inside it.
import { register } from 'tsx/esm/api'

register()
await import('./sm2-verifier-thread.ts')
