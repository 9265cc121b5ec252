// What the app talks to. Every process of the app is looked at; a socket of the internet's kinds that is not between two ends
// on this machine's loopback (the driver's own line to the web view) is one too many.

import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

const read = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // The process ended meanwhile.
  }
}

function list(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function target(link) {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}

/** All processes of a process group. */
function groupOf(leader) {
  const inGroup = (process) => Number(read(`/proc/${process}/stat`).replace(/^.*\) /s, '').split(' ')[2]) === leader
  return list('/proc').filter((name) => /^\d+$/.test(name) && inGroup(name))
}

/** Sockets of the app that leave the machine or that others could reach, in words. `leader` leads its process group. */
export function strangeSockets(leader) {
  const kinds = ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6']
  const table = new Map()
  for (const kind of kinds) {
    for (const line of read(`/proc/net/${kind}`).split('\n').slice(1)) {
      const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/)
      if (inode) table.set(inode, { kind, local, remote })
    }
  }
  const loopback = (address) => address.startsWith('0100007F:') || address.startsWith('00000000000000000000000001000000:')
  const strange = []
  for (const process of groupOf(leader)) {
    for (const file of list(`/proc/${process}/fd`)) {
      const socket = table.get(/^socket:\[(\d+)\]$/.exec(target(`/proc/${process}/fd/${file}`))?.[1])
      if (socket && !loopback(socket.local)) strange.push(`${read(`/proc/${process}/comm`).trim()}: ${socket.kind} ${socket.local} to ${socket.remote}`)
    }
  }
  return strange
}
