// What the app talks to. Every process of the app is looked at; a socket of the internet's kinds that is not between two ends
// on this machine's loopback (the driver's own line to the web view) is one too many.

import { groupOf, list, read, target } from './processes.mjs'

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
  const loopback = (address) =>
    address.startsWith('0100007F:') || address.startsWith('00000000000000000000000001000000:')
  const strange = []
  for (const process of groupOf(leader)) {
    for (const file of list(`/proc/${process}/fd`)) {
      const socket = table.get(/^socket:\[(\d+)\]$/.exec(target(`/proc/${process}/fd/${file}`))?.[1])
      if (socket && !loopback(socket.local))
        strange.push(`${read(`/proc/${process}/comm`).trim()}: ${socket.kind} ${socket.local} to ${socket.remote}`)
    }
  }
  return strange
}
