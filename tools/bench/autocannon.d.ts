/** The part of autocannon's interface the bench uses; the package brings no types. */
declare module 'autocannon' {
  export interface Request {
    method: string
    path: string
    headers: Record<string, string>
    body?: string
  }
  export interface Options {
    url: string
    connections: number
    /** Seconds. */
    duration: number
    requests: {
      method: string
      path: string
      headers: Record<string, string>
      setupRequest(request: Request): Request
    }[]
  }
  export interface Result {
    '2xx': number
    non2xx: number
    errors: number
    timeouts: number
    /** Milliseconds. */
    latency: { p50: number; p99: number }
  }
  export default function autocannon(options: Options): PromiseLike<Result>
}
