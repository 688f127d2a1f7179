// Unit tests of the task: node --test

import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'

import { Failure, Host, Stopped } from './hostelry/index.mjs'
import { config, run } from './tally.mjs'

let folder, file
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tally-'))
  file = path.join(folder, 'access.log')
})
after(() => rm(folder, { recursive: true }))

async function runTask(text, fields = {}, host = new Host()) {
  await writeFile(file, text, 'latin1')
  return run(config({ file, ...fields }), host)
}

test('counts a column', async () => {
  assert.deepEqual(await runTask('GET /a\nPUT  /b\n\tGET\t/a \nGET\n\nlast /b', { column: 2 }),
    { lines: 6, values: 2, top: [{ value: '/a', count: 2 }, { value: '/b', count: 2 }] })
})

test('returns no more than top', async () => {
  assert.deepEqual(await runTask('b\na\nb\nc\n', { top: 1 }), { lines: 4, values: 3, top: [{ value: 'b', count: 2 }] })
})

test('takes any bytes, and any names', async () => {
  const got = await runTask('\xff\n\xfe\n\xff\n__proto__\n')
  assert.equal(got.values, 3)
  assert.deepEqual(got.top[0], { value: '\ufffd', count: 2 })
})

test('reports', async (t) => {
  const host = new Host()
  const ready = t.mock.method(host, 'ready')
  const progress = t.mock.method(host, 'progress')
  const checkpoint = t.mock.method(host, 'checkpoint')
  await runTask('a\nb\n', {}, host)
  assert.equal(ready.mock.callCount(), 1)
  assert.deepEqual(progress.mock.calls.at(-1).arguments, [4, 4, '2 lines'])
  assert.deepEqual(checkpoint.mock.calls.map((call) => call.arguments), [[{ offset: 4, lines: 2, counts: { a: 1, b: 1 } }]])
})

test('goes on from a checkpoint', async () => {
  const host = new Host()
  let restored
  host.checkpoint = async (saved) => { restored = JSON.parse(JSON.stringify(saved)) }
  const whole = await runTask('\xff x\n__proto__ y\n', {}, host)
  assert.deepEqual(await runTask('\xff x\n__proto__ y\n', {}, new Host({ restored })), whole)
  const more = await runTask('\xff x\n__proto__ y\n__proto__ z\n', {}, new Host({ restored }))
  assert.deepEqual([more.lines, more.top[0]], [3, { value: '__proto__', count: 2 }])
})

test('refuses a foreign checkpoint', async () => {
  await assert.rejects(runTask('', {}, new Host({ restored: { at: 1 } })), /none of tally's/)
})

test('follows until it is stopped', async () => {
  const host = new Host()
  const steps = [
    () => appendFile(file, 'b\na\n'), // the first line was counted, the second has no end yet
    () => writeFile(file, 'a\n'), // cut: it counts anew
    () => host.stop(),
  ]
  host.checkpoint = () => steps.shift()()
  assert.deepEqual(await runTask('a\nb', { follow: true }, host), { lines: 1, values: 1, top: [{ value: 'a', count: 1 }] })
})

test('stops in the middle', async () => {
  const host = new Host()
  host.stop()
  await assert.rejects(runTask('a\n', {}, host), Stopped)
})

test('no restart mends a missing file', async () => {
  await assert.rejects(run(config({ file: '/nowhere/access.log' }), new Host()),
    (error) => error instanceof Failure && error.permanent && error.message.includes('/nowhere/access.log'))
})

test('refuses a bad config', () => {
  for (const [bad, why] of [
    [{ file: '' }, /file is missing/], [{ file: 1 }, /file is missing/], [{ column: 0 }, /from 1/], [{ column: 'a' }, /from 1/],
    [{ top: 0 }, /1 to 1000/], [{ top: 1001 }, /1 to 1000/], [{ follow: 'yes' }, /true or false/], [{ files: [] }, /no field files/],
  ]) assert.throws(() => config({ file: 'a', ...bad }), why)
})

test('schema and config say the same', () => {
  const { properties, required } = createRequire(import.meta.url)('./hostelry-tally').schema
  const defaults = config({ file: 'a' })
  assert.deepEqual(Object.keys(properties), Object.keys(defaults))
  for (const [name, property] of Object.entries(properties)) {
    if (!required.includes(name)) assert.equal(property.default, defaults[name], name)
  }
})
