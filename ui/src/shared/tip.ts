/** A tooltip: shown after a moment over the pointer's element, at once for the keyboard. One element serves all. */

import type { Attachment } from 'svelte/attachments'
import { keycaps } from './keys'

let bubble: HTMLElement | null = null
let timer: ReturnType<typeof setTimeout> | undefined

function hide(): void {
  clearTimeout(timer)
  bubble?.remove()
  bubble = null
}

function show(owner: HTMLElement, text: string, chord: string | null): void {
  hide()
  bubble = document.createElement('div')
  bubble.className = 'tip'
  bubble.setAttribute('aria-hidden', 'true')
  bubble.textContent = text
  for (const cap of chord === null ? [] : keycaps(chord)) {
    const key = document.createElement('kbd')
    key.textContent = cap
    bubble.append(key)
  }
  document.body.append(bubble)
  const at = owner.getBoundingClientRect()
  const size = bubble.getBoundingClientRect()
  const left = Math.min(window.innerWidth - size.width - 6, Math.max(6, at.left + at.width / 2 - size.width / 2))
  const below = at.bottom + 6 + size.height < window.innerHeight
  bubble.style.left = `${String(left)}px`
  bubble.style.top = `${String(below ? at.bottom + 6 : at.top - size.height - 6)}px`
}

export function tip(text: string, chord: string | null = null): Attachment<HTMLElement> {
  return (owner) => {
    const enter = () => {
      clearTimeout(timer)
      timer = setTimeout(() => show(owner, text, chord), 450)
    }
    const focus = () => {
      if (owner.matches(':focus-visible')) show(owner, text, chord)
    }
    owner.addEventListener('pointerenter', enter)
    owner.addEventListener('pointerleave', hide)
    owner.addEventListener('pointerdown', hide)
    owner.addEventListener('focus', focus)
    owner.addEventListener('blur', hide)
    return () => {
      hide()
      owner.removeEventListener('pointerenter', enter)
      owner.removeEventListener('pointerleave', hide)
      owner.removeEventListener('pointerdown', hide)
      owner.removeEventListener('focus', focus)
      owner.removeEventListener('blur', hide)
    }
  }
}
