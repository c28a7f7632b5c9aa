import { fileURLToPath, URL } from 'node:url'
import { defineConfig } from 'vitest/config'

// Whoever sits here sits in another zone than the brands of the tests: nothing may be on the clock of the browser.
process.env['TZ'] = 'America/Los_Angeles'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  test: { include: ['tests/**/*.test.ts'] },
})
