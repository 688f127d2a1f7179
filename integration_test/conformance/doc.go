// Package conformance holds tests alone: the conformance suite against plugins that
// keep every rule of the protocol, and against plugins that each break one, as
// processes of their own. Those speak the protocol byte by byte, without TLS, which is
// enough on Linux.
package conformance
