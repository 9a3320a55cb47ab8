import vue from '@vitejs/plugin-vue'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { precache } from './build/precache'

const BASE = '/static/field/'
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  base: BASE,
  plugins: [vue(), precache(BASE)],
  // The app is used from our own addresses alone; nothing is taken over unbuilt.
  publicDir: here('public'),
  define: { __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: here('../../src/mingdu/faces/static/field'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Data addresses are refused for anything but pictures by our policy.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: { index: here('index.html'), sw: here('src/worker/sw.ts') },
      output: {
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  test: { include: ['test/**/*.test.ts'], environment: 'node', setupFiles: 'fake-indexeddb/auto' },
})
