// Counts the values of a column, as awk, sort and uniq would.

import { open } from 'node:fs/promises'
import { Failure, log } from './hostelry/index.mjs'

const PAUSE = 100 // milliseconds between two looks at a file that is followed
const CHUNK = 256 << 10 // bytes that are read at once
const CHECKPOINT = 64 << 20 // bytes after which what was counted is kept

// config checks which column of which file to count: it is what the schema in
// hostelry-tally says.
export function config({ file, column = 1, top = 10, follow = false, ...others }) {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new TypeError(`there is no field ${unknown}: there are file, column, top, follow`)
  if (typeof file !== 'string' || file === '') throw new TypeError('file is missing: name a text file, such as access.log')
  if (!Number.isInteger(column) || column < 1) throw new TypeError(`column is ${column}: columns count from 1`)
  if (!Number.isInteger(top) || top < 1 || top > 1000) throw new TypeError(`top is ${top}: use 1 to 1000`)
  if (typeof follow !== 'boolean') throw new TypeError(`follow is ${follow}: use true or false`)
  return { file, column, top, follow }
}

// Tally is what was counted up to a place in the file. Text is latin1, of which each
// character is a byte: a file may hold any.
class Tally {
  offset = 0 // in bytes, of the next line
  lines = 0
  counts = new Map()

  static of(saved) {
    const tally = new Tally()
    if (saved === undefined) return tally
    try {
      const { offset, lines, counts } = saved
      if (!Number.isInteger(offset) || !Number.isInteger(lines)) throw new TypeError('offset and lines are missing')
      return Object.assign(tally, { offset, lines, counts: new Map(Object.entries(counts)) })
    } catch (cause) {
      throw new Failure(`the checkpoint is none of tally's: ${cause.message}`, { permanent: true, cause })
    }
  }

  add(line, size, column) {
    this.offset += size
    this.lines++
    const value = line.match(/[^ \t]+/g)?.[column - 1]
    if (value !== undefined) this.counts.set(value, (this.counts.get(value) ?? 0) + 1)
  }

  save() {
    return { offset: this.offset, lines: this.lines, counts: Object.fromEntries(this.counts) }
  }

  result(top) {
    const order = [...this.counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    const shown = order.slice(0, top).map(([value, count]) => ({ value: Buffer.from(value, 'latin1').toString(), count }))
    return { lines: this.lines, values: order.length, top: shown }
  }
}

// run counts to the end of the file, and on as it grows if it is followed, until stopped.
export async function run(config, host) {
  const tally = Tally.of(host.restored)
  let file
  try {
    file = await open(config.file)
  } catch (cause) {
    const hint = `set file to a text file, absolute or relative to ${process.cwd()}`
    throw new Failure(`${cause.message}: ${hint}`, { permanent: true, cause })
  }
  try {
    log.info('counting', { file: config.file, column: config.column, from_byte: tally.offset })
    await host.ready()
    await count(file, tally, config, host)
    while (config.follow) {
      await host.sleep(PAUSE)
      await count(file, tally, config, host)
    }
  } catch (error) {
    if (!config.follow || !host.signal.aborted) throw error
  } finally {
    await file.close()
  }
  return tally.result(config.top)
}

// count counts what is there, and has the host keep what was new.
async function count(file, tally, config, host) {
  const { size } = await file.stat()
  if (size < tally.offset) {
    log.warn('the file was cut: counting anew', { file: config.file, bytes: size })
    Object.assign(tally, new Tally())
  }
  const before = tally.lines
  const buffer = Buffer.allocUnsafe(CHUNK)
  let kept = tally.offset
  let rest = '' // of a line whose end is yet to come
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, tally.offset + rest.length)
    if (bytesRead === 0) break
    const lines = (rest + buffer.latin1Slice(0, bytesRead)).split('\n')
    rest = lines.pop()
    for (const line of lines) tally.add(line, line.length + 1, config.column)
    host.signal.throwIfAborted()
    await host.progress(tally.offset, size, `${tally.lines} lines`)
    if (tally.offset - kept >= CHECKPOINT) {
      kept = tally.offset
      await keep(tally, host)
    }
  }
  if (rest !== '' && !config.follow) {
    tally.add(rest, rest.length, config.column)
    await host.progress(tally.offset, size, `${tally.lines} lines`)
  }
  if (tally.lines > before) await keep(tally, host)
}

async function keep(tally, host) {
  await host.checkpoint(tally.save())
  log.debug('the host has a checkpoint', { at_byte: tally.offset })
}
