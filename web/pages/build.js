// Builds what the pages load: one style sheet, the scripts and the icons, each also as .gz beside it.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const web = new URL('..', import.meta.url).pathname
const modules = join(web, 'node_modules')
const built = join(web, '../src/mingdu/base/static/built')

mkdirSync(built, { recursive: true })

const cli = join(modules, '@tailwindcss/cli/dist/index.mjs')
const styles = ['-i', 'pages/theme.css', '-o', join(built, 'pages.css'), '--minify']
execFileSync(process.execPath, [cli, ...styles], { cwd: web, stdio: ['ignore', 'ignore', 'pipe'] })

copyFileSync(join(modules, 'htmx.org/dist/htmx.min.js'), join(built, 'htmx.js'))
copyFileSync(join(modules, '@alpinejs/csp/dist/cdn.min.js'), join(built, 'alpine.js'))
copyFileSync(join(web, 'pages/pages.js'), join(built, 'pages.js'))
copyFileSync(join(web, 'pages/desk.js'), join(built, 'desk.js'))
copyFileSync(join(web, 'pages/icon.svg'), join(built, 'icon.svg'))
writeFileSync(join(built, 'icons.svg'), iconSheet())

for (const name of readdirSync(built).filter((name) => !name.endsWith('.gz'))) {
  const file = join(built, name)
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }))
}

// One file of <symbol>s: a page draws an icon by <use href="icons.svg#name">.
function iconSheet() {
  const names = readFileSync(join(web, 'pages/icons.txt'), 'utf8').split('\n').filter(Boolean)
  const symbols = names.map((name) => {
    const text = readFileSync(join(modules, `lucide-static/icons/${name}.svg`), 'utf8')
    const shapes = text.slice(text.indexOf('>', text.indexOf('<svg')) + 1, text.lastIndexOf('</svg>'))
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, ' ').trim()}</symbol>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`
}
