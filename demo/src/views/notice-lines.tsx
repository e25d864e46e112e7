// What the database wants a person to know, in plain lines above the state of the sync. They stay until they are dismissed.
import type { Notice } from 'eyot'
import type { JSX } from 'preact'
import { useApp } from '../app/app.ts'
import { longTime } from '../page/format.ts'
import { Icon } from './icons.tsx'

export function NoticeLines(): JSX.Element {
  return (
    <div class="notices" role="status">
      {useApp().notices.value.map((notice) => (
        <NoticeLine key={notice.code} notice={notice} />
      ))}
    </div>
  )
}

function NoticeLine({ notice }: { notice: Notice }): JSX.Element {
  const app = useApp()
  return (
    <div class="notice" data-testid="notice" data-code={notice.code}>
      <p>
        {notice.message}
        {notice.savedAt !== undefined && ` What was written until ${longTime(notice.savedAt)} had been sent.`}
      </p>
      <button type="button" class="icon-button" aria-label="Dismiss" data-testid="notice-dismiss" onClick={() => app.dismiss(notice)}>
        <Icon name="close" />
      </button>
    </div>
  )
}
