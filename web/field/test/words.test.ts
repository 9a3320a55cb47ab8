import { describe, expect, test } from 'vitest'
import { en } from '../src/words/en'
import { zh } from '../src/words/zh'

const SOURCES = import.meta.glob<string>(['../src/**/*.{vue,ts}', '!../src/words/*'], {
  query: '?raw', import: 'default', eager: true,
})
type Tree = { [key: string]: Tree | string | string[] | ((...values: never[]) => unknown) }

function leaves(tree: Tree, path = ''): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' && !Array.isArray(value) ? leaves(value, `${path}${key}.`) : [[path + key, value] as [string, unknown]],
  )
}

describe('words', () => {
  test('are the same in both languages, none empty', () => {
    const [chinese, english] = [leaves(zh as unknown as Tree), leaves(en as unknown as Tree)]
    expect(english.map(([path]) => path)).toEqual(chinese.map(([path]) => path))
    for (const [path, value] of [...chinese, ...english]) expect(value, path).toBeTruthy()
  })

  test('are Chinese in one table and not in the other', () => {
    const english = leaves(en as unknown as Tree).filter(([, value]) => typeof value === 'string' && /[一-鿿]/.test(value))
    expect(english.map(([path]) => path)).toEqual(['me.other'])
  })

  test('stand nowhere else in the app', () => {
    const files = Object.entries(SOURCES)
    expect(files.length).toBeGreaterThan(10)
    for (const [name, source] of files) {
      const text = source.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
      expect(text.match(/[一-鿿]+/g), name).toBeNull()
    }
  })
})
