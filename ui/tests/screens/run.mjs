// Opens every view in both themes, asks axe about it, and takes its picture into tests/screens/pictures/ (not committed).
// `node tests/screens/run.mjs annotate write` does only those; `--theme dark` only that theme; `--size 900x600` in a window of that size.

import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { launch, serve } from './browser.mjs'
import { views } from './views.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const words = process.argv.slice(2)
const themeFlag = words.indexOf('--theme')
const themes = themeFlag >= 0 ? words.splice(themeFlag, 2).slice(1) : ['light', 'dark']
const sizeFlag = words.indexOf('--size')
const size = sizeFlag >= 0 ? words.splice(sizeFlag, 2)[1] : null
const [width, height] = (size ?? '1280x800').split('x').map(Number)
const wanted = views.filter((view) => words.length === 0 || words.includes(view.name))

mkdirSync(`${root}tests/screens/pictures`, { recursive: true })
const server = await serve(`${root}dist-scripted`)
const browser = await launch()
let failures = 0

async function step(page, step) {
  if (step.keys) await page.keyboard.press(step.keys)
  if (step.type) await page.keyboard.type(step.type)
  if (step.click) await page.click(step.click, { timeout: 4000 })
  if (step.fill) await page.fill(step.fill[0], step.fill[1], { timeout: 4000 })
  if (step.focus) await page.focus(step.focus)
  if (step.option) await page.selectOption(step.option[0], step.option[1], { timeout: 4000 })
  if (step.wait) await page.waitForTimeout(step.wait)
  if (step.seen) await page.getByText(step.seen).first().waitFor({ timeout: 12_000 })
  if (step.drop) await page.evaluate((paths) => window.scripted.world.tell({ kind: 'dropped', paths }), step.drop)
  if (step.hover) await page.evaluate((paths) => window.scripted.world.tell({ kind: 'dropHover', paths }), step.hover)
  if (step.tell) await page.evaluate((event) => window.scripted.world.tell(event), step.tell)
  if (step.comparison)
    await page.evaluate((comparison) => {
      window.scripted.compareCurators = async () => comparison
    }, step.comparison)
  if (step.retracted)
    await page.evaluate((words) => {
      const { document, documentSummaries } = window.scripted
      window.scripted.document = async (id) => ({ ...(await document(id)), retracted: words })
      window.scripted.documentSummaries = async (ids) => {
        const rows = await documentSummaries(ids)
        return rows.map((row, place) => ({ ...row, retracted: place === 0 }))
      }
      const { ask } = window.scripted
      let answers = 0
      window.scripted.ask = (request, listener) =>
        ask(request, (event) => {
          if (event.kind === 'answer') event.retracted = answers++ === 0
          listener(event)
        })
    }, step.retracted)
  if (step.fail) {
    await page.evaluate(() => {
      window.scripted.removeDocuments = () =>
        Promise.reject({
          code: 'diskFull',
          message:
            'The disk that holds First library.osler is full; the last action was not saved, everything before it was.',
          hint: 'Free some space and repeat it.',
        })
    })
    await page.keyboard.press('Delete')
    await page.getByText('Details').click()
  }
  if (step.select) {
    const box = await page.evaluate(([tag, text]) => {
      for (const paragraph of document.querySelectorAll(`.at-text ${tag}`)) {
        const at = paragraph.textContent.indexOf(text)
        if (at < 0) continue
        const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT)
        const range = document.createRange()
        let passed = 0
        while (walker.nextNode()) {
          const node = walker.currentNode
          const place = (offset) => offset >= passed && offset < passed + node.length
          if (place(at + 2)) range.setStart(node, at + 2 - passed)
          if (place(at + text.length - 2)) range.setEnd(node, at + text.length - 2 - passed)
          passed += node.length
        }
        const [first] = range.getClientRects()
        const last = [...range.getClientRects()].at(-1)
        return {
          left: first.left + 1,
          right: last.right - 1,
          y: (first.top + first.bottom) / 2,
          end: (last.top + last.bottom) / 2,
        }
      }
    }, step.select)
    // Alt leaves the browser its way, where a press on a mention would begin a drag.
    await page.keyboard.down('Alt')
    await page.mouse.move(box.left, box.y)
    await page.mouse.down()
    await page.mouse.move(box.right, box.end, { steps: 4 })
    await page.mouse.move(box.right, box.end)
    await page.mouse.up()
    await page.keyboard.up('Alt')
  }
}

for (const view of wanted) {
  for (const theme of view.zoom || view.density ? themes.slice(0, 1) : themes) {
    const page = await browser.newPage({ viewport: { width, height } })
    const complain = (text) => {
      failures += 1
      console.error(`${view.name} (${theme}): ${text}`)
    }
    page.on('pageerror', (error) => complain(`page error: ${error.message}`))
    page.on('console', (message) => message.type() === 'error' && complain(`console: ${message.text()}`))
    const query = new URLSearchParams({
      scene: view.scene ?? 'review',
      theme,
      still: '',
      ...(view.zoom ? { zoom: String(view.zoom) } : {}),
      ...(view.density ? { density: view.density } : {}),
      ...(view.crashed ? { crashed: '' } : {}),
    })
    await page.goto(`${server.url}?${query}`)
    await page.waitForSelector('nav')
    try {
      for (const one of view.steps) await step(page, one)
    } catch (error) {
      complain(`step failed: ${error.message.split('\n')[0]}`)
    }
    await page.evaluate(() =>
      document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))),
    )
    await page.screenshot({ path: `${root}tests/screens/pictures/${view.name}-${theme}${size ? `-${size}` : ''}.png` })
    // The page's policy forbids inline scripts; an evaluated one is not inline.
    await page.evaluate(axe)
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
    for (const violation of found.violations) {
      complain(`axe ${violation.impact} ${violation.id}: ${violation.help}`)
      for (const node of violation.nodes.slice(0, 3))
        console.error(
          `    ${node.target.join(' ')}  ${node.failureSummary?.split('\n').slice(1).join(' ').slice(0, 220)}`,
        )
    }
    await page.close()
  }
}
await browser.close()
server.close()
console.log(`${wanted.length} views, ${failures} complaints`)
process.exit(failures === 0 ? 0 : 1)
