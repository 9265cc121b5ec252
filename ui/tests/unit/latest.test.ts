/** Jobs of one kind: only the latest is heard. */

import { expect, test } from 'vitest'
import { Jobs } from '../../src/shared/jobs.svelte'
import { Latest } from '../../src/shared/latest.svelte'
import type { Listener } from '../../src/host/interface'

type Said = { kind: 'said'; word: string }

test('what a job still says, and its end, are not heard once another one has begun', () => {
  const jobs = new Jobs()
  const latest = new Latest(jobs, 'ask')
  const [heard, endings, cancelled]: [string[], string[], string[]] = [[], [], []]
  const begin = (id: string) => {
    let listener: Listener<Said> = () => {}
    latest.begin<Said>(
      (one) => {
        listener = one
        return { id, cancel: () => cancelled.push(id) }
      },
      ({ word }) => heard.push(word),
      ({ kind }) => endings.push(kind),
    )
    return listener
  }
  const first = begin('first')
  first({ seq: 0, kind: 'said', word: 'one' })
  const second = begin('second')
  expect(cancelled).toEqual(['first'])
  first({ seq: 1, kind: 'said', word: 'late' })
  first({ seq: 2, kind: 'stopped' })
  expect([latest.running, jobs.running]).toEqual([true, 1])
  second({ seq: 0, kind: 'said', word: 'two' })
  second({ seq: 1, kind: 'finished' })
  expect([heard, endings]).toEqual([['one', 'two'], ['finished']])
  expect([latest.running, jobs.running]).toEqual([false, 0])
  // One that is left is stopped, and what it says is lost.
  const third = begin('third')
  latest.leave()
  third({ seq: 0, kind: 'said', word: 'three' })
  third({ seq: 1, kind: 'stopped' })
  expect([heard.length, endings.length, latest.running, jobs.running]).toEqual([2, 1, false, 0])
})
