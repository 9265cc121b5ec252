import { expect, test } from 'vitest'
import { commands } from '../../src/shared/commands'
import { dialogs } from '../../src/shared/dialogs'

const sources = Object.values(
  import.meta.glob<string>('../window/*.test.mjs', { query: '?raw', import: 'default', eager: true }),
)
const covered = new Set(
  sources.flatMap((source) =>
    [...source.matchAll(/covers: \[([^\]]*)\]/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/'([^']+)'/g)].map((match) => match[1]),
    ),
  ),
)

test('every command and every dialog has a journey in the real window', () => {
  expect([...commands.map((command) => command.id), ...dialogs].filter((one) => !covered.has(one))).toEqual([])
})

test('journeys cover what there is', () => {
  const known = new Set<string>([...commands.map((command) => command.id), ...dialogs])
  expect([...covered].filter((one) => !known.has(one ?? ''))).toEqual([])
})
