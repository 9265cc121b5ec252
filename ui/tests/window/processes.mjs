// What Linux tells of processes that may end at any moment.

import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

export const read = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // The process ended meanwhile.
  }
}

export function list(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

export function target(link) {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}

/** All processes of a process group. */
export function groupOf(leader) {
  const inGroup = (process) =>
    Number(
      read(`/proc/${process}/stat`)
        .replace(/^.*\) /s, '')
        .split(' ')[2],
    ) === leader
  return list('/proc').filter((name) => /^\d+$/.test(name) && inGroup(name))
}
