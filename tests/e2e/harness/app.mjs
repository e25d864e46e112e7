// What a person does in the demo app, with its own fields and buttons. Knows nothing of what that proves.

/** Finds the note by its title and opens it. */
export async function openNote(tab, id, title) {
  const { page } = tab
  await page.bringToFront()
  await page.getByTestId('search').fill(title)
  await page.locator(`[data-testid="note-row"][data-note-id="${id}"]`).click()
  await page.locator(`[data-testid="note-pane"][data-note-id="${id}"]`).waitFor()
}

/** Back to the list of all notes. */
export async function leaveNote(tab) {
  const { page } = tab
  await page.evaluate(() => {
    location.hash = '#/'
  })
  await page.getByTestId('search').fill('')
}

/** Types at the end of the note and waits until the app says that it is saved. Gives the note as it is stored. */
export async function typeInto(tab, id, title, text) {
  await openNote(tab, id, title)
  const field = tab.page.getByTestId('editor-text')
  await field.click()
  await field.press('Control+End')
  await field.pressSequentially(text)
  const ending = [id, text]
  await tab.until('what was typed is stored', ([key, end]) => window.fieldNotes.notes.peek(key)?.value.text.endsWith(end), ending)
  await tab.page.locator('[data-testid="save-state"]:is([data-state="saved"], [data-state="sent"])').waitFor()
  await leaveNote(tab)
  return tab.run((key) => window.fieldNotes.notes.peek(key).value, id)
}

/** Settles a conflict about the title, which is found by `words`, with the button "Keep this" of the version that has it. Gives the note that came of it. */
export async function keepThis(tab, id, words, title) {
  const version = await tab.run(
    ([key, wanted]) => window.fieldNotes.notes.peek(key).siblings.find((one) => one.value?.title === wanted).version,
    [id, title],
  )
  await openNote(tab, id, words)
  const field = tab.page.locator('[data-testid="open-field"][data-field="title"]')
  await field.locator(`[data-testid="conflict-value"][data-version="${version}"]`).getByTestId('keep-value').click()
  await untilResolved(tab, id)
  return tab.run((key) => window.fieldNotes.notes.peek(key).value, id)
}

/** Resolves a conflict between a deletion and an edit in favour of the deletion. */
export async function keepDeletion(tab, id, title) {
  await openNote(tab, id, title)
  await tab.page.locator('[data-testid="conflict-version"][data-deleted="true"]').getByTestId('keep-version').click()
  await tab.until('the note is gone', (key) => window.fieldNotes.notes.peek(key) === undefined, id)
  await leaveNote(tab)
}

/** Resolves a conflict with "Merge by hand", from the app's proposal with a line added. Gives the note that came of it. */
export async function mergeByHand(tab, id, title, line) {
  await openNote(tab, id, title)
  await tab.page.getByTestId('merge-by-hand').click()
  const field = tab.page.getByTestId('merge-text')
  await field.click()
  await field.press('Control+End')
  await field.pressSequentially(`\n${line}`)
  await tab.shot(`${tab.profile.name}-merge-by-hand`)
  await tab.page.getByTestId('merge-save').click()
  await untilResolved(tab, id)
  return tab.run((key) => window.fieldNotes.notes.peek(key).value, id)
}

async function untilResolved(tab, id) {
  await tab.until('the conflict is resolved', (key) => window.fieldNotes.notes.peek(key)?.conflicted === false, id)
  await leaveNote(tab)
}

/** Switches the sync on or off, in the settings. */
export async function switchSync(tab) {
  const { page } = tab
  await page.getByTestId('menu-button').click()
  await page.getByTestId('sync-switch').click()
  await page.getByTestId('panel-close').click()
}

/** Enters a token in the settings, as a person would. */
export async function enterToken(tab, token) {
  const { page } = tab
  await page.getByTestId('menu-button').click()
  await page.getByTestId('relay-token').fill(token)
  await page.getByTestId('settings-save').click()
  await page.getByTestId('panel-close').click()
}

/** Exports all notes to a file, as the app offers it. */
export async function exportFile(tab, path) {
  const { page } = tab
  await page.getByTestId('menu-button').click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export').click()])
  await download.saveAs(path)
  await page.getByTestId('panel-close').click()
}

/** Imports a file, and waits until the app says that it is done. */
export async function importFile(tab, path, timeoutMs) {
  const { page } = tab
  await page.getByTestId('menu-button').click()
  await page.getByTestId('import-file').setInputFiles(path)
  await page.getByTestId('toast').filter({ hasText: 'added or changed' }).waitFor({ timeout: timeoutMs })
  await page.getByTestId('panel-close').click()
}
