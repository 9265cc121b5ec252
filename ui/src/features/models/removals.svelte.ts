import type { App, Lasting } from '../../shared/app.svelte'

/** Models that were taken out of the list since Osler was started: until it is closed they can be brought back. */
export class Removals implements Lasting {
  private readonly app: App
  models = $state.raw<{ id: string; name: string }[]>([])

  constructor(app: App) {
    this.app = app
  }

  async remove(id: string, name: string): Promise<void> {
    try {
      await this.app.host.removeModel(id)
      this.models = [...this.models, { id, name }]
      await this.app.loadModels()
    } catch (thrown) {
      this.app.fail(thrown)
    }
  }

  async restore(id: string): Promise<void> {
    const model = this.models.find((one) => one.id === id)
    if (!model) return
    try {
      await this.app.host.restoreModel(id)
      this.models = this.models.filter((one) => one.id !== id)
      await this.app.loadModels()
      this.app.toast(`${model.name} is back`)
    } catch (thrown) {
      this.app.fail(thrown)
    }
  }

  /** Models belong to no library. */
  forget(): void {}
}
