// The task: replace it by your own.

import { log } from './hostelry/index.mjs'

// config checks the config: it is what the schema in the plugin's file says.
export function config({ whom = 'world', times = 5, pause = 0.2, ...others }) {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new TypeError(`there is no field ${unknown}: there are whom, times, pause`)
  if (typeof whom !== 'string' || whom === '') throw new TypeError('whom is empty: name somebody')
  if (!Number.isInteger(times) || times < 1) throw new TypeError(`times is ${times}: use 1 or more`)
  if (typeof pause !== 'number' || pause < 0) throw new TypeError(`pause is ${pause}: use 0 or more seconds`)
  return { whom, times, pause }
}

// run greets, and goes on after a restart where the attempt before was.
export async function run({ whom, times, pause }, host) {
  let done = host.restored ?? 0
  await host.ready()
  while (done < times) {
    log.info(`hello ${whom}`, { greeting: done + 1 })
    done++
    await host.progress(done, times)
    await host.checkpoint(done)
    if (done < times) await host.sleep(pause * 1000) // throws when the task shall stop
  }
  return { greetings: done }
}
