/** The types of webhook events for the client, from the contracts that the server holds them to. */
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { EVENT_TYPES } from '../../server/src/webhooks/index.ts'

const HEAD =
  '// Generated from the event types of webhooks by `npm run golden`. Do not edit; change a type instead.\n\n'

/** What `data` of each type of event holds. */
export async function generateEventTypes(): Promise<string> {
  const schemas = Object.fromEntries(
    EVENT_TYPES.map(({ type, title, data }) => [type, { description: title.en, ...data }]),
  )
  const document = {
    openapi: '3.1.0',
    info: { title: 'Events', version: '1' },
    paths: {},
    components: { schemas },
  }
  // A copy without what only the server's validation reads.
  const plain = JSON.parse(JSON.stringify(document)) as OpenAPI3
  const nodes = await openapiTS(plain, { alphabetize: true, silent: true })
  return HEAD + astToString(nodes)
}
