import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'

// `scripted` builds the same window over the twin in src/host/scripted, for a browser without the desktop shell.
export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(mode === 'test' ? [svelteTesting()] : [])],
  base: './',
  define: { __SCRIPTED__: JSON.stringify(mode === 'scripted' || mode === 'test') },
  build: {
    target: 'safari16',
    chunkSizeWarningLimit: 800,
    emptyOutDir: true,
  },
  server: { port: 1420, strictPort: true },
  test: {
    environment: 'jsdom',
    include: ['tests/{unit,flows}/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
  },
}))
