export type Toast = {
  id: number
  text: string
  tone: 'plain' | 'error'
  action: { label: string; run: () => void } | null
}

/** What is said for some seconds, at most three at a time. */
export class ToastList {
  all = $state.raw<readonly Toast[]>([])
  private ids = 0
  private lastStep = 0

  add(text: string, action: Toast['action'], tone: Toast['tone'] = 'plain'): void {
    const id = (this.ids += 1)
    this.all = [...this.all.slice(-2), { id, text, tone, action }]
    setTimeout(() => this.dismiss(id), tone === 'error' ? 12_000 : 5_000)
  }

  /** A step of the library. An older one is no longer what Undo would take back, so it makes room. */
  step(text: string, action: Toast['action']): void {
    this.dismiss(this.lastStep)
    this.add(text, action)
    this.lastStep = this.ids
  }

  dismiss(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id)
  }
}
