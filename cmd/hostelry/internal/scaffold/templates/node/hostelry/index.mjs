// What a Hostelry plugin in Node needs: main, Failure, Stopped, Host, and log.
//
// The folder is shared/proto/PROTOCOL.md in JavaScript; the names in brackets in its
// comments are that page's rules. Copy it beside a plugin of your own. It needs Linux,
// Node 18, and @grpc/grpc-js and @grpc/proto-loader from npm.

export { Failure, Host, Stopped } from './host.mjs'
export { log } from './log.mjs'
export { main } from './plugin.mjs'
