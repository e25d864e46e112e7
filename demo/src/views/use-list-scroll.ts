// Which rows of the windowed list are in view, and how it stays where the reader is when rows come and go above.
import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Listing } from '../notes/listing.ts'
import { indexOf, rowAt } from '../notes/listing.ts'

interface ListScroll {
  /** The index of the first row to draw. */
  readonly first: number
  /** The index after the last row to draw. */
  readonly last: number
  /** In pixels. */
  readonly rowHeight: number
  /** Scrolls as little as needed until the row is in view. */
  readonly reveal: (index: number) => void
}

export function useListScroll(box: RefObject<HTMLElement | null>, listing: Listing, overscan: number): ListScroll {
  const top = useSignal(0)
  const height = useSignal(800)
  const rowHeight = useSignal(92)

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const measure = (): void => {
      height.value = element.clientHeight
      rowHeight.value = rowHeightOf(element)
    }
    const follow = (): void => void (top.value = element.scrollTop)
    // It also tells the first size, after the page was laid out: asking for it here would lay it out twice.
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    element.addEventListener('scroll', follow, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', follow)
    }
  }, [box, height, rowHeight, top])
  useAnchor(box, listing, rowHeight.value)

  const first = Math.max(0, Math.floor(top.value / rowHeight.value) - overscan)
  const last = Math.min(listing.total, Math.ceil((top.value + height.value) / rowHeight.value) + overscan)
  const reveal = (index: number): void => {
    const element = box.current
    if (element === null) return
    const rowTop = index * rowHeight.value
    if (rowTop < element.scrollTop) element.scrollTop = rowTop
    const lowest = rowTop + rowHeight.value - element.clientHeight
    if (lowest > element.scrollTop) element.scrollTop = lowest
  }
  return { first: Math.min(first, last), last, rowHeight: rowHeight.value, reveal }
}

/** Someone who has scrolled down keeps reading the same row when others arrive above it. */
function useAnchor(box: RefObject<HTMLElement | null>, listing: Listing, rowHeight: number): void {
  const before = useRef(listing)
  useLayoutEffect(() => {
    const element = box.current
    const old = before.current
    before.current = listing
    if (element === null || old === listing || element.scrollTop < rowHeight) return
    const index = Math.floor(element.scrollTop / rowHeight)
    const anchor = rowAt(old, index)
    if (anchor === undefined || rowAt(listing, index)?.id === anchor.id) return
    const moved = indexOf(listing, anchor.id)
    if (moved >= 0) element.scrollTop += (moved - index) * rowHeight
  })
}

function rowHeightOf(element: HTMLElement): number {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  const text = getComputedStyle(element).getPropertyValue('--row-height').trim()
  const amount = Number.parseFloat(text)
  const pixels = text.endsWith('rem') ? amount * rem : amount
  return Number.isFinite(pixels) && pixels > 0 ? pixels : 92
}
