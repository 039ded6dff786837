/**
 * Conditions made into closures. CEL's own parser and checker have read them; what is left of the
 * language is small, and a decision asks dozens of conditions, so they are not interpreted from the
 * tree each time. A test holds every form to what CEL itself answers.
 */
import type { ASTNode } from '@marcbachmann/cel-js'
import { type Context, literal, subject } from './condition.ts'

type Test = (context: Context) => boolean

/** The closure of a condition that has been checked. */
export function closureOf(node: ASTNode): Test {
  switch (node.op) {
    case 'value':
      return node.args === true ? () => true : () => false
    case '!_': {
      const inner = closureOf(node.args)
      return (context) => !inner(context)
    }
    case '&&': {
      const [left, right] = [closureOf(node.args[0]), closureOf(node.args[1])]
      return (context) => left(context) && right(context)
    }
    case '||': {
      const [left, right] = [closureOf(node.args[0]), closureOf(node.args[1])]
      return (context) => left(context) || right(context)
    }
    case 'in':
      return membership(node.args)
    case 'rcall':
      return textTest(node.args)
    default:
      return comparison(node.op, node.args as [ASTNode, ASTNode])
  }
}

type Read = (context: Context) => string | bigint

function reader(node: ASTNode): Read {
  const name = subject(node) ?? ''
  if (!name.startsWith('attributes.')) {
    return (context) => context[name as keyof Context] as string | bigint
  }
  const attribute = name.slice('attributes.'.length)
  return (context) => (context.attributes as Record<string, string>)[attribute]!
}

function comparison(op: ASTNode['op'], [left, right]: readonly [ASTNode, ASTNode]): Test {
  const read = reader(left)
  const value = literal(right)!
  switch (op) {
    case '==':
      return (context) => read(context) === value
    case '!=':
      return (context) => read(context) !== value
    case '<':
      return (context) => read(context) < value
    case '<=':
      return (context) => read(context) <= value
    case '>':
      return (context) => read(context) > value
    case '>=':
      return (context) => read(context) >= value
    default:
      throw new Error(`The condition has no closure: ${op}.`)
  }
}

function membership([left, right]: readonly [ASTNode, ASTNode]): Test {
  if (right.op === 'id') {
    const method = literal(left)
    return (context) => (context.methods as readonly unknown[]).includes(method)
  }
  const values = new Set((right.args as ASTNode[]).map(literal))
  const read = reader(left)
  return (context) => values.has(read(context))
}

function textTest([name, receiver, args]: readonly [string, ASTNode, ASTNode[]]): Test {
  const value = literal(args[0]!) as string
  const read = reader(receiver) as (context: Context) => string
  if (name === 'startsWith') return (context) => read(context).startsWith(value)
  if (name === 'endsWith') return (context) => read(context).endsWith(value)
  return (context) => read(context).includes(value)
}
