import '@testing-library/jest-dom/vitest'
import { afterEach } from 'vitest'
import { cleanup } from '@testing-library/svelte'

afterEach(() => cleanup())

// What jsdom leaves out and the window needs: sizes, and scrolling.
const sizeOf = (element: Element) => ({
  width: 800,
  height: element.getAttribute('role') === 'listbox' || (element as HTMLElement).style.overflowY === 'auto' ? 600 : 40,
})

class SizedObserver implements ResizeObserver {
  private readonly callback: ResizeObserverCallback
  constructor(callback: ResizeObserverCallback) {
    this.callback = callback
  }
  observe(target: Element): void {
    queueMicrotask(() => {
      const { width, height } = sizeOf(target)
      const contentRect = new DOMRect(0, 0, width, height)
      const size = [{ inlineSize: width, blockSize: height }]
      this.callback(
        [{ target, contentRect, borderBoxSize: size, contentBoxSize: size, devicePixelContentBoxSize: size }],
        this,
      )
    })
  }
  unobserve(): void {}
  disconnect(): void {}
}

globalThis.DOMRect ??= class {
  x: number
  y: number
  width: number
  height: number
  constructor(x = 0, y = 0, width = 0, height = 0) {
    this.x = x
    this.y = y
    this.width = width
    this.height = height
  }
  get left(): number {
    return this.x
  }
  get top(): number {
    return this.y
  }
  get right(): number {
    return this.x + this.width
  }
  get bottom(): number {
    return this.y + this.height
  }
} as unknown as typeof DOMRect
globalThis.ResizeObserver = SizedObserver
Element.prototype.scrollIntoView = () => {}
Range.prototype.getBoundingClientRect = () => new DOMRect()
Range.prototype.getClientRects = () => [] as unknown as DOMRectList
window.matchMedia = (query: string) =>
  ({
    matches: false,
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
  }) as unknown as MediaQueryList
