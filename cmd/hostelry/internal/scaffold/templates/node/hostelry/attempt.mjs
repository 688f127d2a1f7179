// One attempt of a task: a Run stream.

import { EventEmitter, once } from 'node:events'
import { Failure, Host, Stopped } from './host.mjs'

const MAX_JSON = 64 << 20 // bytes of a result or a checkpoint [rpc-size]
const MAX_TEXT = 64 << 10 // UTF-16 units of a text; a host keeps 256 KiB [failure-message]

// Attempt is the Host of a task that a host sent. Its ended settles, never with an
// error, when the task has ended and its last word is sent.
export class Attempt extends Host {
  #call
  #sequence = 0 // of the newest checkpoint
  #acks = new EventEmitter().setMaxListeners(0)

  constructor(call, start) {
    const restored = start.checkpoint.length ? decode('checkpoint', start.checkpoint, 'CODE_BAD_CHECKPOINT') : undefined
    super({ id: start.task, attempt: start.attempt, restored })
    this.#call = call
  }

  ready() {
    return this.#send({ ready: {} })
  }

  heartbeat() {
    return this.#send({ heartbeat: {} })
  }

  progress(done, total = 0, message = '') {
    return this.#send({ progress: { done, total, message: text(message) } })
  }

  async checkpoint(value) {
    const data = encode('checkpoint', value, 'CODE_BAD_CHECKPOINT')
    const sequence = ++this.#sequence
    const acked = once(this.#acks, String(sequence), { signal: this.signal })
    await Promise.all([this.#send({ checkpoint: { sequence, data } }), acked])
  }

  // receive obeys the host. A message that is unknown has no name [future-unknown].
  receive(request) {
    if (request.message === 'stop') this.stop()
    if (request.message === 'checkpoint_ack') this.#acks.emit(String(request.checkpoint_ack.sequence))
  }

  // lose stops the task because its host is gone.
  lose() {
    this.stop(new Stopped('the host is gone', 'CODE_HOST_GONE'))
  }

  // run runs the task to its end. It is called once.
  run(kind, config) {
    this.ended = this.#run(kind, config)
  }

  async #run(kind, config) {
    const finished = {}
    try {
      await this.#send({ started: {} })
      const result = await kind.run(config, this)
      if (result !== undefined && result !== null) finished.result = encode('result', result, 'CODE_BAD_RESULT')
    } catch (error) {
      finished.failure = failure(error, this.signal)
    }
    await this.#send({ finished })
    this.#call.end()
  }

  // send waits until the message is on its way, or cannot be: then the host is gone,
  // which the stream's end tells.
  #send(message) {
    return new Promise((resolve) => this.#call.write(message, () => resolve()))
  }
}

// decode returns the value of JSON.
export function decode(what, data, code) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))
  } catch (cause) {
    throw new Failure(`the ${what} is not JSON: ${cause.message}`, { code, cause })
  }
}

function encode(what, value, code) {
  let json
  try {
    json = JSON.stringify(value)
  } catch (cause) {
    throw new Failure(`the ${what} does not encode as JSON: ${cause.message}`, { code, cause })
  }
  if (json === undefined) throw new Failure(`the ${what} does not encode as JSON: it is a ${typeof value}`, { code })
  const data = Buffer.from(json)
  if (data.length > MAX_JSON) {
    throw new Failure(`the ${what} has ${data.length} bytes as JSON, at most ${MAX_JSON} cross a process boundary`, { code })
  }
  return data
}

// failure is what was thrown, as the protocol's Failure.
export function failure(error, signal) {
  if (signal?.aborted && error?.name === 'AbortError') error = signal.reason
  const message = text(error?.message ?? error) || 'it threw nothing that says why'
  if (error instanceof Failure) return { message, permanent: error.permanent, codes: error.code ? [error.code] : [] }
  if (error?.name === 'TimeoutError') return { message, codes: ['CODE_DEADLINE_EXCEEDED'] }
  if (error?.syscall) return { message } // the system's
  const value = text(`${error?.name ?? typeof error}: ${message}`)
  return { message: value, panic: { value, stack: text(error?.stack ?? '') } }
}

// text is what a protobuf string takes [rpc-text].
function text(value) {
  return Buffer.from(String(value).slice(0, MAX_TEXT)).toString()
}
