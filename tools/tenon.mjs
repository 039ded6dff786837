#!/usr/bin/env node
// The door from plain Node to TypeScript: registers the loader, then hands over to the command line.
import { register } from 'tsx/esm/api'

register()
await import('./tenon.ts')
