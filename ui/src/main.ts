import { mount } from 'svelte'
import AppFrame from './App.svelte'
import type { Host } from './host/interface'
import { App } from './shared/app.svelte'
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

const host = await chooseHost()
let app: App | null = null
host.watch((event) => app?.hear(event))
app = new App(host, await host.start())
const target = document.getElementById('app')
if (target) mount(AppFrame, { target, props: { app } })
