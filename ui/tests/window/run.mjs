// All journeys over the real window, one after the other. `cargo xtask check window` builds what they need and says where it is;
// with the variables set, `node tests/window/run.mjs library` walks only that file.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

for (const name of ['OSLER_BINARY', 'OSLER_CLI', 'OSLER_TINY_MODEL', 'OSLER_KNOWN_ENCODER', 'OSLER_XDND_DROP']) {
  if (!process.env[name]) {
    console.error(`${name} is not set: \`cargo xtask check window\` sets it`)
    process.exit(1)
  }
}
const folder = fileURLToPath(new URL('.', import.meta.url))
const words = process.argv.slice(2)
const files = readdirSync(folder).filter(
  (name) => name.endsWith('.test.mjs') && (words.length === 0 || words.some((word) => name.startsWith(word))),
)
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=1', '--test-reporter=spec', ...files.map((name) => folder + name)],
  { stdio: 'inherit' },
)
process.exit(status ?? 1)
