/** A problem as the reply to a request. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Problem, problemBody } from './problem.ts'

const PROBLEM_JSON = 'application/problem+json'

/** Sends a problem with what belongs to this occurrence of it. */
export function sendProblem(
  reply: FastifyReply,
  request: FastifyRequest,
  problem: Problem,
): FastifyReply {
  if (problem.retryAfterS !== undefined) reply.header('retry-after', problem.retryAfterS)
  const instance = request.url.split('?')[0]!.slice(0, 200)
  const body = JSON.stringify(problemBody(problem, instance, request.id))
  return reply.code(problem.status).type(PROBLEM_JSON).serializer(same).send(body)
}

const same = (text: unknown): string => text as string
