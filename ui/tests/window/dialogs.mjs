// The system's own dialogs, which the driver of the page does not see: a pair of hands at the keyboard of the screen.

import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { until } from './until.mjs'

export const canType = spawnSync('sh', ['-c', 'command -v xdotool']).status === 0

/** Types where to save into the dialog that is open, and confirms. */
export async function saveAs(display, path) {
  const hands = (...words) =>
    promisify(execFile)('xdotool', words, { env: { ...process.env, DISPLAY: display.name } }).then(
      ({ stdout }) => stdout.trim(),
      () => '',
    )
  const dialog = await until('the dialog of the system', () =>
    hands('search', '--onlyvisible', '--name', '^Export to$'),
  )
  // Without a window manager nobody gives it the focus.
  await hands('windowfocus', '--sync', dialog)
  await hands('key', '--clearmodifiers', 'ctrl+a')
  await hands('type', '--clearmodifiers', path)
  await hands('key', '--clearmodifiers', 'Return')
  await until(
    'the dialog of the system to close',
    async () => (await hands('search', '--onlyvisible', '--name', '^Export to$')) === '',
  )
}

/** Types which file to open into the dialog that is open, and confirms. */
export async function chooseFile(display, path) {
  const hands = (...words) =>
    promisify(execFile)('xdotool', words, { env: { ...process.env, DISPLAY: display.name } }).then(
      ({ stdout }) => stdout.trim(),
      () => '',
    )
  const open = () => hands('search', '--onlyvisible', '--name', '^Import files$')
  const dialog = await until('the dialog of the system', open)
  // Its field for a path comes by Ctrl+L; what is typed before it is there, or while it completes a name, is lost.
  await until('the dialog of the system to close', async () => {
    await hands('windowfocus', '--sync', dialog)
    await hands('key', '--clearmodifiers', 'ctrl+l')
    await hands('key', '--clearmodifiers', 'ctrl+a')
    await hands('type', '--clearmodifiers', path)
    await hands('key', '--clearmodifiers', 'Return')
    return until('it to close', async () => (await open()) === '', 3_000).catch(() => false)
  })
}
