#!/usr/bin/env node
// The door from plain Node to TypeScript: registers the loader, then runs every check.
import { register } from 'tsx/esm/api'

register()
await import('./check/main.ts')
