/** The twin as the page's address asks for it: `?scene=review&theme=dark&screen=annotate`. For browsers and pictures. */

import { realClock } from './clock'
import { scriptedHost, usualSettings, type Scene, type ScriptedHost } from './index'
import type { Settings } from '../types'

export function fromAddress(query: URLSearchParams): ScriptedHost {
  const settings: Settings = { ...usualSettings }
  const theme = query.get('theme')
  if (theme === 'light' || theme === 'dark' || theme === 'contrast') settings.theme = theme
  const density = query.get('density')
  if (density === 'compact' || density === 'roomy') settings.density = density
  settings.zoom = Number(query.get('zoom') ?? 1)
  if (query.has('still')) settings.motion = 'reduced'
  const host = scriptedHost({
    scene: (query.get('scene') ?? 'review') as Scene,
    clock: realClock,
    settings,
    crashed: query.has('crashed'),
  })
  hearDrops(host)
  Object.assign(window, { scripted: host })
  return host
}

/** In a browser the page itself hears of dropped files; the desktop shell has its own ears. */
export function hearDrops(host: ScriptedHost): void {
  const names = (event: DragEvent) => [...(event.dataTransfer?.files ?? [])].map((file) => file.name)
  window.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) {
      event.preventDefault()
      host.world.tell({ kind: 'dropHover', paths: names(event) })
    }
  })
  window.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) host.world.tell({ kind: 'dropLeft' })
  })
  window.addEventListener('drop', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    host.world.tell({ kind: 'dropped', paths: names(event) })
  })
}
