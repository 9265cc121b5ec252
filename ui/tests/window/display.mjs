import { spawn } from 'node:child_process'

/** A screen of its own, with a number that nobody uses. */
export async function openDisplay() {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const reap = () => server.kill('SIGKILL')
  process.once('exit', reap)
  const name = await new Promise((resolve, reject) => {
    server.once('exit', () => reject(new Error('Xvfb could not start')))
    server.stdio[3].once('data', (number) => resolve(`:${String(number).trim()}`))
  })
  return { name, close: reap }
}
