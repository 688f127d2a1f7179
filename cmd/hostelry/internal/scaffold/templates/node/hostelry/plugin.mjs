// A plugin's process: what it offers, how it serves, and how it ends.

import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import grpc from '@grpc/grpc-js'
import loader from '@grpc/proto-loader'

import { Attempt, decode, failure } from './attempt.mjs'
import { Failure } from './host.mjs'

const COOKIE = 'c2b7e7a0-9d0b-4d3c-8f39-5d0c3a6f1b52'
const OURS = /^(HOSTELRY_(PLUGIN|LIFELINE|LOG)$|PLUGIN_)/ // variables; what a task starts is no plugin [env-children]
const MAX_MESSAGE = 130 << 20 // bytes [rpc-size]
const FAREWELL = 700 // milliseconds that tasks have once their host is gone [end-host-gone]

// main serves kinds to the host that started this process, and ends the process when the
// host is done or gone. Call it once, before anything is printed. From then on, what is
// printed goes to the host's log, and SIGINT is left to the host. Started by a person,
// it says on stderr what the plugin is, and exits with status 2.
//
// A kind is {name, description, schema, config, run}. schema is the config's JSON Schema.
// config(fields) returns the config that run gets, or throws what is wrong with fields.
// run(config, host) is one attempt; it resolves to the result: what encodes as JSON, or
// undefined. Attempts share the one thread: run awaits often.
export async function main(name, version, ...kinds) {
  const env = { ...process.env }
  for (const key of Object.keys(env).filter((key) => OURS.test(key))) delete process.env[key]
  if (env.HOSTELRY_PLUGIN !== COOKIE) {
    explain(name, version, kinds)
    process.exit(2)
  }
  if (env.PLUGIN_CLIENT_CERT) {
    console.error('this plugin cannot speak TLS, for which its host asks: run it on Linux')
    process.exit(1)
  }
  const plugin = new Plugin(name, version, kinds)
  await plugin.serve(env.PLUGIN_UNIX_SOCKET_DIR)
  plugin.watch(env.HOSTELRY_LIFELINE)
}

function explain(name, version, kinds) {
  console.error(`${name} ${version} is a Hostelry plugin: a host starts it, it does nothing by itself.`)
  for (const kind of kinds) console.error(`  ${kind.name}  ${kind.description}`)
  const where = path.dirname(path.resolve(process.argv[1]))
  console.error(`To run one: hostelry run --plugins ${where} ${kinds[0].name} --set KEY=VALUE`)
}

// Plugin is the service, and the process's end.
class Plugin {
  #attempts = new Set() // whose task has not ended
  #closing = false
  #server = new grpc.Server({ 'grpc.max_receive_message_length': MAX_MESSAGE, 'grpc.max_send_message_length': MAX_MESSAGE })

  constructor(name, version, kinds) {
    Object.assign(this, { name, version, kinds })
  }

  async serve(directory) {
    const proto = fileURLToPath(new URL('task.proto', import.meta.url))
    const { TaskService } = grpc.loadPackageDefinition(
      loader.loadSync(proto, { keepCase: true, oneofs: true, defaults: true, longs: Number, enums: String })).hostelry.v1
    this.#server.addService(TaskService.service, {
      Describe: (_call, answer) => answer(null, this.#describe()),
      Run: (call) => this.#run(call),
    })
    const address = path.join(directory, `${process.pid}.sock`)
    await promisify(this.#server.bindAsync).call(this.#server, `unix:${address}`, grpc.ServerCredentials.createInsecure())
    console.log(`1|1|unix|${address}|grpc`)
  }

  #describe() {
    const kinds = this.kinds.map(({ name, description, schema }) =>
      ({ name, description, config_schema: Buffer.from(JSON.stringify(schema)) }))
    return { name: this.name, version: this.version, kinds }
  }

  #run(call) {
    let attempt
    const lost = () => attempt?.lose() // after the last word it changes nothing
    call.on('cancelled', lost).on('end', lost).on('error', lost)
    call.on('data', (request) => {
      if (attempt) attempt.receive(request)
      else attempt = this.#begin(call, request)
    })
  }

  // begin begins an attempt, or says why there is none.
  #begin(call, request) {
    const refuse = (code, details) => call.emit('error', { code, details })
    if (request.message !== 'start') {
      refuse(grpc.status.INVALID_ARGUMENT, 'the first message of a Run stream must be start')
    } else if (this.#closing) {
      refuse(grpc.status.UNAVAILABLE, 'the plugin is stopping')
    } else {
      try {
        const [kind, config] = this.#make(request.start)
        const attempt = new Attempt(call, request.start)
        attempt.run(kind, config)
        this.#attempts.add(attempt)
        attempt.ended.then(() => this.#attempts.delete(attempt))
        return attempt
      } catch (error) {
        call.write({ finished: { failure: failure(error) } })
        call.end()
      }
    }
    return { receive() {}, lose() {} }
  }

  #make(start) {
    const kind = this.kinds.find(({ name }) => name === start.kind)
    if (!kind) throw new Failure(`plugin "${this.name}" does not offer "${start.kind}"`, { code: 'CODE_UNKNOWN_KIND' })
    const fields = start.config.length ? decode('config', start.config, 'CODE_BAD_CONFIG') : {}
    try {
      if (fields === null || typeof fields !== 'object' || Array.isArray(fields)) throw new TypeError('it is no JSON object')
      return [kind, kind.config(fields)]
    } catch (cause) {
      throw new Failure(`bad config: ${cause.message}`, { code: 'CODE_BAD_CONFIG', cause })
    }
  }

  // watch ends the process when the host is done or gone.
  watch(lifeline) {
    process.on('SIGTERM', () => this.#close())
    process.on('SIGINT', () => {}) // the host's to answer [end-sigterm]
    for (const output of [process.stdout, process.stderr]) output.on('error', () => {}) // nobody reads any more
    if (lifeline === 'stdin') process.stdin.on('end', () => this.#leave()).on('error', () => this.#leave()).resume()
  }

  async #close() {
    this.#closing = true
    for (const attempt of this.#attempts) attempt.stop()
    await this.#idle()
    this.#server.tryShutdown(() => process.exit(0)) // when the last words are sent
    await sleep(FAREWELL)
    process.exit(0)
  }

  async #leave() {
    this.#closing = true
    for (const attempt of this.#attempts) attempt.lose()
    await Promise.race([this.#idle(), sleep(FAREWELL)])
    process.exit(0)
  }

  async #idle() {
    await Promise.all([...this.#attempts].map((attempt) => attempt.ended))
  }
}
