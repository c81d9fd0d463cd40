import { loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` serves the page from here and passes everything else on to a gateway on its dev config.
const gateway = loadEnv('', '.', 'LIANMAI_')['LIANMAI_HTTP'] ?? 'http://127.0.0.1:8080';
const proxied = { target: gateway, ws: true };

export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    // The gateway's content policy allows no inline script, and every browser with MediaSource preloads modules.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  // What it shares with the SDK is read from its sources.
  server: { fs: { allow: ['.', '../sdk/js/src'] }, proxy: { '/v1': proxied, '/live': proxied, '/console': proxied } },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
