// Before the first paint: the look that was chosen on an earlier visit, so that the page does not flash.
try {
  document.documentElement.dataset.theme = localStorage.getItem('field-notes.theme') ?? 'system'
} catch {
  // Where storage is refused, the system's look is the right one.
}
