// What each workload does, and in which of them a peer does less work than Eyot. Knows no figures.

/** Name -> `title`, `what`: what is done and timed; `less`: who does less work there, and which. */
export const ABOUT = {
  W0: { title: 'What IndexedDB itself costs', what: 'Plain IndexedDB in the same browser: the limits of every engine on it.' },
  W1: {
    title: 'Opening',
    what:
      'A fresh page loads the engine, opens a database that another page has filled, and gets one document; then until ' +
      'count() is right. The browser and its caches are warm.',
    less: 'Engines that keep everything in memory (Yjs, Automerge, Loro, TinyBase, and plain chunks) have read all by then.',
  },
  W2: {
    title: 'Durable puts',
    what:
      'A put of a new document, awaited until its transaction has completed with durability `relaxed`, which is the ' +
      'browser’s default; the page is closed right after the last promise, and a fresh one must find every document. Then ' +
      '300 puts asked for at once and awaited together.',
    less:
      'Plain IndexedDB and Dexie keep nothing for a sync. Yjs, Loro and Automerge append an update and write a record of ' +
      'their own now and then; TinyBase writes the whole store each time.',
  },
  W3: {
    title: 'Bulk',
    what: 'So many documents in one call into a fresh database, until durable.',
    less: 'Plain chunks keep no index on disk; plain IndexedDB and Dexie keep nothing for a sync.',
  },
  W4: {
    title: 'Reading',
    what: 'Gets of random documents, one after the other, warm; then all documents at once as objects.',
    less:
      'Yjs and Automerge hold plain JavaScript objects and hand out those; the others decode from bytes or read from disk. ' +
      'What Eyot hands out is frozen and keeps every sibling.',
  },
  W5: {
    title: 'Full sync',
    what:
      'An empty replica gets everything from a full one in the same page, until both are durable. Messages are counted, as ' +
      'there is no network delay.',
    less:
      'Yjs, Loro and Automerge are called by hand, side by side, without a channel in between and with no acknowledgement; ' +
      'Eyot, automerge-repo, TinyBase, PouchDB and RxDB run their own protocol. Eyot makes what it took in durable with a ' +
      '`strict` transaction, the others with a `relaxed` one.',
  },
  W6: {
    title: 'Incremental sync',
    what: 'Of 10,000 documents 100 were changed on one side and 100 others on the other; both sync until durable.',
    less: 'As in W5. RxDB and TinyBase send every change only as last writer wins.',
  },
  W7: {
    title: 'Conflicts',
    what: 'The same 500 documents were changed on both sides; both sync until durable, and must then show the same.',
    less:
      'Yjs, Loro, RxDB and TinyBase keep one of the two values and drop the other: the row “still to be seen” counts. ' +
      'PouchDB, Automerge and Eyot keep both.',
  },
  W8: {
    title: 'Nothing to sync',
    what: 'Two replicas that hold the same sync again; then the same in a fresh page.',
    less:
      'Yjs and Loro compare two vectors by calls in one page. Eyot opens a conversation over a channel, which either side ' +
      'may refuse, and which then stays open for what comes.',
  },
  W9: {
    title: 'Size',
    what: 'The engine as an application’s bundler makes it (esbuild, minified), JavaScript and WebAssembly, compressed.',
    less: 'Sizes are not work; those without WebAssembly are written in JavaScript.',
  },
  W10: {
    title: 'Memory',
    what:
      'The page after opening and reading every document once, by the browser’s own measure, and the WebAssembly memories ' +
      'beside it, which that measure leaves out. An empty page is in it.',
    less: 'Plain IndexedDB, Dexie, PouchDB and RxDB read from disk and hold little.',
  },
}
