// How often something was seen, counted with one click. Devices that count at the same time add up.
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { sightingsOf } from '../notes/note.ts'
import type { OpenNote } from '../notes/open-note.ts'
import { showProblem } from '../page/toasts.ts'
import { Icon } from './icons.tsx'

export function Tally({ open }: { open: OpenNote }): JSX.Element {
  const app = useApp()
  const doc = open.doc.value
  const number = doc === undefined ? 0 : sightingsOf(doc.value)
  const count = async (by: 1 | -1): Promise<void> => {
    await open.flush()
    await app.count(open.id, by)
  }
  const onCount = (by: 1 | -1) => (): void => void count(by).catch(showProblem('It could not be counted'))
  return (
    <div class="tally" role="group" aria-label="Sightings">
      <span class="tally-label">Seen</span>
      <button type="button" class="tally-button" aria-label="One less" data-testid="tally-less" disabled={number === 0} onClick={onCount(-1)}>
        <Icon name="minus" />
      </button>
      <output class="tally-number" data-testid="tally">
        {number}
      </output>
      <button type="button" class="tally-button" aria-label="One more" data-testid="tally-more" disabled={doc === undefined} onClick={onCount(1)}>
        <Icon name="new" />
      </button>
    </div>
  )
}
