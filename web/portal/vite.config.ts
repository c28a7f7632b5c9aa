import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

/**
 * Vant carries its icon font as a data URI with a copy on a foreign server behind it. Our policy loads fonts from
 * here only, so the rule is dropped and `src/theme/icons.css` names the same font as a file.
 */
function ownIconFont(): Plugin {
  return {
    name: 'own-icon-font',
    enforce: 'pre',
    transform(code, id) {
      if (!id.replaceAll('\\', '/').includes('vant/es/icon/index.css')) return null
      return { code: code.replace(/@font-face\{[^}]*\}/, ''), map: null }
    },
  }
}

export default defineConfig({
  base: '/static/portal/',
  plugins: [ownIconFont(), vue()],
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../../src/regulars/static/portal',
    emptyOutDir: true,
    target: ['chrome80', 'safari13.1', 'firefox78'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: true },
    reportCompressedSize: true,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
  test: { environment: 'happy-dom', include: ['tests/**/*.spec.ts'] },
} as Parameters<typeof defineConfig>[0])
