// Logs as hclog's JSON lines on stderr [log-stderr].

function write(level, message, fields) {
  const own = { '@level': level, '@message': String(message), '@timestamp': new Date().toISOString() }
  process.stderr.write(JSON.stringify({ ...fields, ...own }) + '\n')
}

// log is the host's log. Fields are an object that encodes as JSON.
export const log = {
  debug: (message, fields) => write('debug', message, fields),
  info: (message, fields) => write('info', message, fields),
  warn: (message, fields) => write('warn', message, fields),
  error: (message, fields) => write('error', message, fields),
}
