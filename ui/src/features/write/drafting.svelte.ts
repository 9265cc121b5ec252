import type { Lasting } from '../../shared/app.svelte'
import type { Left } from './editor'

/** How drafts were left when the screen was: what is saved does not tell it. */
export class Drafting implements Lasting {
  panel = $state(true)
  readonly left = new Map<number, Left>()

  forget(): void {
    this.left.clear()
  }
}
