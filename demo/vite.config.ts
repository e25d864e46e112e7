// How Field Notes is built: one page, one service worker that knows every file of the build.
import { defineConfig } from 'vite'
import { serviceWorker } from './build/service-worker.ts'

const relay = process.env['FIELD_NOTES_RELAY'] ?? 'http://127.0.0.1:4180'

export default defineConfig({
  plugins: [serviceWorker({ source: 'src/offline/service-worker.ts', output: 'sw.js' })],
  build: { target: 'es2023', sourcemap: true },
  // The package is linked from ../js, which is outside of this folder.
  server: { fs: { allow: ['..'] }, proxy: { '/v1': { target: relay, ws: true } } },
})
