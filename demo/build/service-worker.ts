// A Vite plugin: builds the service worker beside the page and tells it every file of the build.
// It knows how the build is laid out, and nothing of what the worker does with the list.
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { Plugin } from 'vite'

interface ServiceWorkerOptions {
  /** The worker's source, which names the list by the placeholder below. */
  source: string
  /** The worker's file in the build: at the top and without a hash, because browsers ask for it by name. */
  output: string
}

/** In the worker's source; replaced by `{ id, files }` as JSON. */
const placeholder = '__BUILD__'

export function serviceWorker({ source, output }: ServiceWorkerOptions): Plugin {
  let outDir = 'dist'
  return {
    name: 'field-notes-service-worker',
    apply: 'build',
    config: () => ({
      build: {
        rolldownOptions: {
          input: { main: 'index.html', worker: source },
          output: {
            entryFileNames: (chunk: { name: string }) =>
              chunk.name === 'worker' ? output : 'assets/[name]-[hash].js',
          },
        },
      },
    }),
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir)
    },
    async writeBundle() {
      const build = JSON.stringify(await describeBuild(outDir, output))
      const path = join(outDir, output)
      const code = await readFile(path, 'utf8')
      if (!code.includes(placeholder)) throw new Error(`${source} does not name ${placeholder}`)
      await writeFile(path, code.replace(placeholder, () => build))
    },
  }
}

/** Every file that the page may ask for, and an id that changes when any of them does. */
async function describeBuild(outDir: string, worker: string): Promise<{ id: string; files: string[] }> {
  const entries = await readdir(outDir, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(outDir, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => name !== worker && !name.endsWith('.map'))
    .sort()
  const hash = createHash('sha256')
  for (const name of files) hash.update(name).update(await readFile(join(outDir, name)))
  return { id: hash.digest('hex').slice(0, 12), files }
}
