// What the app asks the kernel for, told by strace from its first moment to its last: no address but this machine's own.
// The driver speaks with the web view over the loopback; without the driver (`sockets.test.mjs`) there is none of that either.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const options = ['--follow-forks', '--seccomp-bpf', '-qq', '--signal=none', '--trace=socket,connect,bind']
const strace = spawnSync('sh', ['-c', 'command -v strace'], { encoding: 'utf8' }).stdout.trim()

/** strace may be missing, and a container may forbid it. */
export const canTrace = strace !== '' && spawnSync(strace, [...options, '-o', '/dev/null', 'true']).status === 0

/** The same program with its calls told into a file. */
export const traced = ({ binary, args }, file) => ({ binary: strace, args: [...options, '-o', file, binary, ...args] })

const local =
  /sin_addr=inet_addr\("127\.|inet_pton\(AF_INET6, "(::1|::ffff:127\.[\d.]+)"|sa_family=AF_(UNIX|LOCAL|NETLINK|UNSPEC)/
const harmless = /socket\(AF_(UNIX|LOCAL|NETLINK)/

/** All calls, one a line. */
export function calls(file) {
  // A call that another thread interrupts is told in two lines; the first has the address.
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /\b(socket|connect|bind)\(/.test(line))
}

/** Calls that reach beyond this machine, or could. */
export const strangeCalls = (file) =>
  calls(file).filter((line) =>
    /\bsocket\(/.test(line) ? !harmless.test(line) && !/SOCK_STREAM/.test(line) : !local.test(line),
  )

/** Calls that have to do with the internet's protocols at all. */
export const internetCalls = (file) =>
  calls(file).filter((line) =>
    /\bsocket\(/.test(line) ? !harmless.test(line) : !/AF_(UNIX|LOCAL|NETLINK|UNSPEC)/.test(line),
  )
