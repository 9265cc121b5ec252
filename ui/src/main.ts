import { mount } from 'svelte'
import AppFrame from './App.svelte'
import type { Host } from './host/interface'
import StartFailed from './shared/frame/StartFailed.svelte'
import { App } from './shared/app.svelte'
import { toError } from './shared/errors'
import './shared/styles/fonts.css'
import './shared/styles/tokens.css'
import './shared/styles/base.css'
import './annotator/annotator.css'

async function chooseHost(): Promise<Host> {
  if (__SCRIPTED__) {
    const { fromAddress } = await import('./host/scripted/address')
    return fromAddress(new URLSearchParams(location.search))
  }
  const { tauriHost } = await import('./host/tauri')
  return tauriHost()
}

const target = document.getElementById('app') ?? document.body
const host = await chooseHost()
let app: App | null = null
host.watch((event) => app?.hear(event))
// Nothing fails in silence.
window.addEventListener('error', (event) => {
  // No error of ours: the browser says with it that it measures some boxes one picture later.
  if (!event.message.startsWith('ResizeObserver loop')) app?.uncaught(event.error ?? event.message)
})
window.addEventListener('unhandledrejection', (event) => app?.uncaught(event.reason))
try {
  app = new App(host, await host.start())
  mount(AppFrame, { target, props: { app } })
  // What the tests of the window measure from.
  requestAnimationFrame(() => performance.mark('usable'))
} catch (thrown) {
  mount(StartFailed, { target, props: { error: toError(thrown), diagnostics: () => host.diagnostics() } })
}
