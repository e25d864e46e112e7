// TinyBase, in memory alone: an index of its own kind (slices of rows, sorted) or a query whose results are read in order.
// It has no ranges in an index: slices of a thousand numbers stand for them. A change shows before anything is stored.

import { createIndexes, createQueries, createStore } from 'tinybase'
import { NEWEST, RANGE } from '../questions.js'

export default {
  async open(_, indexed) {
    const store = createStore()
    const rows = ids => ids.map(id => ({ id, ...store.getRow('docs', id) }))
    const put = ({ id, ...row }) => store.setRow('docs', id, row)
    const ways = indexed ? byIndex(store, rows) : byQuery(store, rows)
    return { fill: async list => store.transaction(() => list.forEach(put)), change: async doc => { put(doc) }, ...ways }
  },
}

function byIndex(store, rows) {
  const indexes = createIndexes(store)
  indexes.setIndexDefinition('kind', 'docs', 'kind', 'updatedAt')
  indexes.setIndexDefinition('n', 'docs', getCell => String(Math.floor(getCell('n') / RANGE)), 'n')
  const newest = kind => rows(indexes.getSliceRowIds('kind', String(kind)).slice(-NEWEST).reverse())
  return {
    find: async ({ kind, from }) =>
      kind === undefined ? rows(indexes.getSliceRowIds('n', String(from / RANGE))) : newest(kind),
    async watch({ kind }, listener) {
      const id = indexes.addSliceRowIdsListener('kind', String(kind), () => listener(newest(kind)))
      return () => indexes.delListener(id)
    },
  }
}

function byQuery(store, rows) {
  const queries = createQueries(store)
  const define = (name, { kind, from }) =>
    queries.setQueryDefinition(name, 'docs', ({ select, where }) => {
      select(kind === undefined ? 'n' : 'updatedAt')
      if (kind === undefined) where(getCell => getCell('n') >= from && getCell('n') < from + RANGE)
      else where('kind', kind)
    })
  return {
    async find(question) {
      define('asked', question)
      const ids = question.kind === undefined
        ? queries.getResultSortedRowIds('asked', 'n')
        : queries.getResultSortedRowIds('asked', 'updatedAt', true, 0, NEWEST)
      queries.delQueryDefinition('asked')
      return rows(ids)
    },
    async watch(question, listener) {
      define('watched', question)
      const tell = (_, __, ___, ____, _____, ids) => listener(rows(ids))
      const id = queries.addResultSortedRowIdsListener('watched', 'updatedAt', true, 0, NEWEST, tell)
      return () => queries.delListener(id)
    },
  }
}
