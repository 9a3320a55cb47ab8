// Writes src/api/schema.ts: the types of the API, from the OpenAPI document of the code as it stands.
// A changed API then breaks the type check instead of a reader's day.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('../../..', import.meta.url).pathname
const target = new URL('../src/api/schema.ts', import.meta.url).pathname
const python = process.env.MINGDU_PYTHON ?? join(root, '.venv/bin/python')
const dump = `
import json
from mingdu.main.startup import start_django
start_django()
from mingdu.faces.api.root import api
print(json.dumps(api.get_openapi_schema()))
`

writeFileSync(target, typesOf(openApi().components.schemas))

// The description needs no database, only settings; they get an empty data folder of their own.
function openApi() {
  const data = mkdtempSync(join(tmpdir(), 'mingdu-types-'))
  try {
    const environment = { ...process.env, MINGDU_DATA: data }
    const text = execFileSync(python, ['-c', dump], { cwd: root, env: environment, maxBuffer: 1 << 26 })
    return JSON.parse(text.toString())
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

function typesOf(schemas) {
  const parts = Object.keys(schemas).sort().map((name) => declaration(name, schemas[name]))
  return `// Made by build/types.js from the running code's OpenAPI document.\n\n${parts.join('\n\n')}\n`
}

function declaration(name, schema) {
  if (!schema.properties) return `export type ${name} = ${typeOf(schema)}`
  const required = new Set(schema.required ?? [])
  const fields = Object.entries(schema.properties).map(
    ([key, value]) => `  ${JSON.stringify(key)}${required.has(key) ? '' : '?'}: ${typeOf(value)}`,
  )
  return `export interface ${name} {\n${fields.join('\n')}\n}`
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(' | ')
  const either = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (either) return either.map(typeOf).join(schema.allOf ? ' & ' : ' | ')
  if (schema.type === 'array') return `(${typeOf(schema.items ?? {})})[]`
  if (schema.type === 'object') return `Record<string, ${typeOf(schema.additionalProperties || {})}>`
  return { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' }[schema.type] ?? 'unknown'
}
