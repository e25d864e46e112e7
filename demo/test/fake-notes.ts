// One record of a collection in memory, with siblings and contexts as the real one has them: for tests of what stands
// on top. Writes of this device end when the test says so.
import type { Collection, Doc, Sibling } from 'eyot'
import type { Note } from '../src/notes/note.ts'

type Seen = Map<string, number>
interface Version {
  readonly replica: string
  readonly counter: number
  readonly value: Note | undefined
}

export class FakeNotes {
  /** What the code under test is given. */
  readonly collection = this as unknown as Collection<Note>
  failure: Error | undefined
  #versions: Version[] = []
  #context: Seen = new Map()
  #listeners = new Set<(doc: Doc<Note> | undefined) => void>()
  #durable: Promise<void> = Promise.resolve()

  /** Until the returned function is called, writes of this device are not yet on disk. */
  holdDisk(): () => void {
    let release = (): void => undefined
    this.#durable = new Promise((resolve) => (release = resolve))
    return () => release()
  }

  /** A write of another device, which had seen `context`. */
  remote(value: Note | undefined, context = this.peek()?.context ?? ''): void {
    this.#write('b', value, parse(context))
    this.#tell()
  }

  peek(): Doc<Note> | undefined {
    return this.#versions.some((version) => version.value !== undefined) ? this.#doc(this.#versions, this.#context) : undefined
  }

  subscribe(_id: string, listener: (doc: Doc<Note> | undefined) => void): () => void {
    this.#listeners.add(listener)
    listener(this.peek())
    return () => this.#listeners.delete(listener)
  }

  async put(_id: string, value: Note, { context }: { context: string }): Promise<Doc<Note>> {
    if (this.failure !== undefined) throw this.failure
    const seen = parse(context)
    const own = this.#write('a', value, seen)
    const versions = this.#versions
    this.#tell()
    await this.#durable
    return this.#doc(versions, seen.set('a', own.counter))
  }

  async delete(_id: string, { context }: { context: string }): Promise<{ context: string }> {
    const seen = parse(context)
    const own = this.#write('a', undefined, seen)
    this.#tell()
    await this.#durable
    return { context: print(seen.set('a', own.counter)) }
  }

  /** The values of all versions, in no order. */
  get values(): readonly (string | undefined)[] {
    return this.#versions.map((version) => version.value?.text).sort()
  }

  #write(replica: string, value: Note | undefined, seen: Seen): Version {
    const counter = (this.#context.get(replica) ?? 0) + 1
    const version = { replica, counter, value }
    this.#versions = [version, ...this.#versions.filter((old) => old.counter > (seen.get(old.replica) ?? 0))]
    this.#context = new Map(this.#context).set(replica, counter)
    return version
  }

  #doc(versions: readonly Version[], context: Seen): Doc<Note> {
    const siblings = versions.map(asSibling).sort((x, y) => Number(x.deleted) - Number(y.deleted))
    const [shown] = siblings
    if (shown === undefined || shown.deleted) throw new Error('there is nothing to show')
    return {
      id: 'n',
      deleted: false,
      issues: undefined,
      value: shown.value,
      conflicted: versions.length > 1,
      conflicts: [],
      siblings,
      context: print(context),
      pending: true,
      at: 0,
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.peek())
  }
}

function asSibling({ replica, counter, value }: Version): Sibling<Note> {
  const facts = { at: counter, replica, version: `${replica}:${counter}`, also: [] }
  return value === undefined ? { ...facts, deleted: true, value } : { ...facts, deleted: false, value }
}

function print(seen: Seen): string {
  return [...seen].sort().map(([replica, counter]) => `${replica}:${counter}`).join(' ')
}

function parse(context: string): Seen {
  const dots = context.split(' ').filter((dot) => dot !== '')
  return new Map(dots.map((dot) => [dot.slice(0, 1), Number(dot.slice(2))]))
}
