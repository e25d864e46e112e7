// The app's icons, drawn for a 20 by 20 grid. Decoration only: what a button does is said by its label.
import type { JSX } from 'preact'

const paths = {
  back: 'M12.5 4.5 7 10l5.5 5.5',
  check: 'm5 10.5 3.5 3.5L15 6.5',
  close: 'm5.5 5.5 9 9m0-9-9 9',
  gear: 'M3.5 6h5m4 0h4M3.5 14h2m4 0h7M10.5 4v4m-3 4v4',
  minus: 'M4 10h12',
  new: 'M10 4v12M4 10h12',
  redo: 'M12.5 4.5 16 8l-3.5 3.5M16 8H8.5a4 4 0 0 0 0 8H11',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Zm4-1.5 3.5 3.5',
  tag: 'M3.5 4.5v5l7 7 6-6-7-7h-5a1 1 0 0 0-1 1Zm3.6 2.6h.01',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10h7.4l.8-10M8.6 9v4.5m2.8-4.5v4.5',
  undo: 'M7.5 4.5 4 8l3.5 3.5M4 8h7.5a4 4 0 0 1 0 8H9',
  unsent: 'M10 15.5v-10m-4 4 4-4 4 4',
  fork: 'M6 4v3.5c0 2 1.4 2.6 4 3.5 2.6-.9 4-1.5 4-3.5V4m-4 7v5',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}

/** The app's mark: a heron in shallow water. */
export function Heron(): JSX.Element {
  return (
    <svg class="heron" viewBox="80 96 352 392" aria-hidden="true">
      <g fill="currentColor">
        <path d="M96 132 214 116c24-4 48 10 48 38 0 32-26 50-40 72-12 20-6 36 14 44 50 12 110 30 168 82-60 0-112 10-164-6-44-14-64-56-56-94 6-30 36-48 42-76 2-12-6-20-20-22Z" />
        <path d="M222 118c30-6 62 4 90 24-24-4-46-2-62 4Z" />
      </g>
      <g fill="none" stroke="currentColor" stroke-width="11" stroke-linecap="round" stroke-linejoin="round">
        <path d="m262 346-4 84m38-80 16 38-10 42" />
      </g>
      <g class="heron-water" fill="none" stroke-width="13" stroke-linecap="round">
        <path d="M92 428q27-20 54 0t54 0 54 0 54 0 54 0 54 0" />
        <path d="M150 466q27-20 54 0t54 0 54 0 54 0" opacity=".55" />
      </g>
      <circle class="heron-eye" cx="214" cy="136" r="7" />
    </svg>
  )
}
