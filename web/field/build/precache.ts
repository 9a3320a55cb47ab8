// The end of a build: the service worker learns every file with the hash of its content, and each file
// gets its .gz beside it.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Where the worker's source holds the list; the quotes keep it one string through minifying. */
export const PLACEHOLDER = '__PRECACHE__'
/** What a phone loads the first time, in bytes after gzip; a reader may stand in a weak network. */
const MOST_BYTES = 120_000
// The worker itself is never kept by itself; the manifest is read by the phone before there is a worker.
const LEFT_OUT = /^(sw\.js|manifest\.webmanifest)$|\.gz$/

export function precache(base: string): Plugin {
  return {
    name: 'mingdu-precache',
    apply: 'build',
    writeBundle: {
      order: 'post',
      sequential: true,
      handler(options) {
        const folder = options.dir
        if (!folder) throw new Error('the build has no folder')
        fillWorker(folder, base)
        const bytes = compress(folder)
        console.info(`field app: ${bytes} bytes compressed`)
        if (bytes > MOST_BYTES) throw new Error(`the app has ${bytes} bytes; it may have ${MOST_BYTES}`)
      },
    },
  }
}

function fillWorker(folder: string, base: string): void {
  const kept = filesOf(folder).filter((name) => !LEFT_OUT.test(name)).sort()
  const files = kept.map((name) => [addressOf(name, base), hashOf(readFileSync(join(folder, name)))])
  const worker = join(folder, 'sw.js')
  const text = readFileSync(worker, 'utf8')
  if (text.split(PLACEHOLDER).length !== 2) throw new Error(`the worker must hold ${PLACEHOLDER} once`)
  writeFileSync(worker, text.replace(PLACEHOLDER, JSON.stringify(files).replaceAll('"', '\\"')))
}

/** Write each file's .gz beside it; returns the bytes of all of them. */
function compress(folder: string): number {
  return filesOf(folder).filter((name) => !name.endsWith('.gz')).reduce((bytes, name) => {
    const file = join(folder, name)
    const packed = gzipSync(readFileSync(file), { level: 9 })
    writeFileSync(`${file}.gz`, packed)
    return bytes + packed.length
  }, 0)
}

/** The shell is served at the app's own address, all else as static files. */
function addressOf(name: string, base: string): string {
  return name === 'index.html' ? '/f/' : base + name
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}
