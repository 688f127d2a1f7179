// What a task and its host say to each other, as the task sees it.

import { setTimeout as sleep } from 'node:timers/promises'

// Failure is what a task means to throw: its message says what was wrong and what to do.
//
// permanent marks one that no restart can mend. code is the protocol's, if one holds. An
// error of the system's, such as ENOENT, is a failure too. Anything else that is thrown
// is a mistake of the task's, and reported with its stack.
export class Failure extends Error {
  constructor(message, { permanent = false, code, cause } = {}) {
    super(message, { cause })
    this.name = new.target.name
    Object.assign(this, { permanent, code })
  }
}

// Stopped is the reason of a task's signal: the task was asked to stop, or its host is
// gone. The task cleans up, within its grace or the second that is left, and then throws
// this, or the AbortError that came of it, or returns a result, which is kept.
export class Stopped extends Failure {
  constructor(message = 'stopped on request', code = 'CODE_STOPPED') {
    super(message, { code })
  }
}

// Host is what a task may ask of its host. What it tells, it tells at once, and waits
// until the host reads. A unit test makes one itself: then everything is told in vain.
export class Host {
  #stopping = new AbortController()

  // id is the task's, in the host's run. attempt counts from 1. restored is the newest
  // checkpoint of earlier attempts, or undefined.
  constructor({ id = '', attempt = 1, restored } = {}) {
    Object.assign(this, { id, attempt, restored })
  }

  // signal is aborted when the task shall stop. Give it to what blocks, and call
  // signal.throwIfAborted() often.
  get signal() {
    return this.#stopping.signal
  }

  // sleep waits, or throws as soon as the task is asked to stop.
  async sleep(milliseconds) {
    await sleep(milliseconds, undefined, { signal: this.signal })
  }

  // ready says that the task is up.
  async ready() {}

  // heartbeat says that the task is alive, to its watchdog.
  async heartbeat() {}

  // progress reports work done, in a unit of the task's own; total is 0 if it is not known.
  async progress(done, total = 0, message = '') {}

  // checkpoint has the host keep value, for restored of the next attempt. It returns once
  // the host has it, and throws if a stop comes first.
  async checkpoint(value) {}

  // stop asks the task to stop, as the host does. The first call counts.
  stop(cause = new Stopped()) {
    this.#stopping.abort(cause)
  }
}
