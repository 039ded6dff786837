/** Which ports to listen on: those asked for and no others, else the usual ones or the next free. */
import { createServer } from 'node:net'
import { StartProblem } from './problem.ts'

export interface PortWish {
  /** What listens there, for the sentence. */
  readonly what: string
  readonly usual: number
  /** The variable that asks for another one, and its value. */
  readonly variable: string
  readonly asked: string | undefined
}

const NEXT_TRIED = 100

/** A port for each wish, none twice. Says where one differs from the usual. */
export async function choosePorts(
  wishes: readonly PortWish[],
  say: (line: string) => void,
): Promise<number[]> {
  const taken = new Set<number>()
  const ports: number[] = []
  for (const wish of wishes) {
    const port = await choose(wish, taken)
    if (port !== wish.usual && (wish.asked ?? '') === '') {
      say(
        `Port ${wish.usual} is taken, so ${wish.what} listens on ${port}. ` +
          `Set ${wish.variable} to choose a port yourself.`,
      )
    }
    taken.add(port)
    ports.push(port)
  }
  return ports
}

async function choose(wish: PortWish, taken: ReadonlySet<number>): Promise<number> {
  const { what, usual, variable, asked = '' } = wish
  if (asked !== '') {
    const port = Number(asked)
    if (!/^\d{1,5}$/.test(asked) || port > 65_535) {
      throw new StartProblem(`${variable} is "${asked}"; set it to a port from 0 to 65535.`)
    }
    const found = await listenable(port)
    if (found !== undefined && !taken.has(found)) return found
    throw new StartProblem(
      `Port ${port}, which ${variable} asks for, is taken or may not be used, so ${what} cannot ` +
        `listen there. Set ${variable} to another port, or unset it to have one found.`,
    )
  }
  for (let port = usual; port < usual + NEXT_TRIED; port += 1) {
    if (!taken.has(port) && (await listenable(port)) !== undefined) return port
  }
  const any = await listenable(0)
  if (any !== undefined) return any
  throw new StartProblem(`This machine has no free port on 127.0.0.1 for ${what}.`)
}

/** The port when something could listen on it now; 0 finds any. */
function listenable(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const at = server.address()
      server.close(() => resolve(typeof at === 'object' && at !== null ? at.port : undefined))
    })
  })
}
