// Tells how a query is answered. Must not decide it.

import type { QueryPlan } from '../types/query.js'
import { formatCondition } from './format.js'
import type { Plan } from './plan.js'
import type { Request } from './request.js'
import type { Span } from './span.js'

/** The plan as a plain object, and as text. With matches, what they have cost so far. */
export function explain(request: Request, plan: Plan, matches: Span | undefined): QueryPlan {
  const ranges = plan.ranges?.map(({ fields, text }) => Object.freeze({ index: fields, range: text }))
  const filter = plan.rest.some(rest => rest.length > 0)
    ? plan.rest.map(rest => rest.map(formatCondition).join(' and ') || 'everything').join(', or ')
    : undefined
  const { orderBy } = request
  const sort = plan.isDirect ? undefined : [...orderBy, ['id', orderBy.at(-1)?.[1] ?? 'asc']].map(field => field.join(' ')).join(', ')
  const looked = costOf(request, plan, matches)
  const backwards = plan.reversed
  const found = ranges?.map(({ index, range }) => `index ${index.join(', ')}: ${range}`) ?? ['all records']
  const lines = [
    ...found,
    ...(backwards ? ['backwards'] : []),
    ...(filter === undefined ? [] : [`filter: ${filter}`]),
    ...(sort === undefined ? [] : [`sort: ${sort}`]),
    `looked at so far: ${String(looked)}`,
  ]
  return Object.freeze({ ranges, backwards, filter, sort, looked, text: lines.join('\n') })
}

function costOf({ offset, limit }: Request, plan: Plan, matches: Span | undefined): number {
  if (matches === undefined) return 0
  return plan.isDirect ? matches.ids(offset, limit).length : matches.view.recordsRead
}
