package task

import (
	"errors"
	"slices"
)

// The conditions that a task and its host tell each other about. errors.Is finds
// each in every mode: across a process boundary too.
var (
	// ErrStopped is the cause of ctx after a requested stop. A task returns it,
	// ctx.Err() or nil.
	ErrStopped = errors.New("stopped on request")

	// ErrHostGone is the cause of ctx in a plugin whose host died or hung up.
	// The task has a second to clean up before its process exits.
	ErrHostGone = errors.New("the host is gone")

	// ErrUnknownKind: a plugin was asked for a kind that it does not offer.
	ErrUnknownKind = errors.New("unknown kind")

	// ErrBadConfig: a config did not decode into its kind's type, or the kind
	// refused it. [Kind.New] wraps it. No restart mends it.
	ErrBadConfig = errors.New("bad config")

	// ErrBadResult: Run's result does not encode as JSON, or a caller asked for
	// it as a type that it does not decode into.
	ErrBadResult = errors.New("bad result")

	// ErrBadCheckpoint: a value given to [Checkpoint] does not encode as JSON,
	// or the one kept does not decode into what [Restore] was given.
	ErrBadCheckpoint = errors.New("bad checkpoint")
)

// Permanent marks err as a failure that no restart can mend, such as a missing
// credential. Run returns it. Its text and what errors.Is finds are err's own.
// Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err, or an error that it wraps, was marked by
// [Permanent]. It holds across a process boundary. Hosts call it before a restart.
func IsPermanent(err error) bool {
	for err != nil {
		if p, ok := err.(interface{ Permanent() bool }); ok && p.Permanent() {
			return true
		}
		switch x := err.(type) { //nolint:errorlint // it walks the tree of wrapped errors itself
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		case interface{ Unwrap() []error }:
			return slices.ContainsFunc(x.Unwrap(), IsPermanent)
		default:
			return false
		}
	}
	return false
}

type permanentError struct{ err error }

func (e *permanentError) Error() string   { return e.err.Error() }
func (e *permanentError) Unwrap() error   { return e.err }
func (e *permanentError) Permanent() bool { return true }
