/** The states of endpoints and deliveries; the CHECK lists of the tables equal them. */

/** `enabled` is sent to. `disabled` is not: by a person, by the receiver's 410, or after long failing. */
export const ENDPOINT_STATES = ['enabled', 'disabled'] as const
export type EndpointState = (typeof ENDPOINT_STATES)[number]

/** Why an endpoint is disabled; empty while it is enabled. */
export const DISABLED_BECAUSE = ['', 'person', 'gone', 'failing'] as const
export type DisabledBecause = (typeof DISABLED_BECAUSE)[number]

/**
 * `waiting` → `delivered` (a 2xx), or → `dead` when the schedule is through. Both are final: a replay
 * is a delivery of its own.
 */
export const DELIVERY_STATES = ['waiting', 'delivered', 'dead'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]
