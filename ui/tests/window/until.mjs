/** Asks again until the answer is truthy, and gives it. Nothing here waits for a time; it waits for a fact. */
export async function until(what, ask, patience = 30_000) {
  const end = Date.now() + patience
  let last
  while (Date.now() < end) {
    last = await ask()
    if (last) return last
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`waited ${String(patience / 1000)} s for ${what}`)
}
