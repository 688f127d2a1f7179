package conformance

import (
	"context"
	"encoding/json"
	"os"

	"google.golang.org/grpc"
)

// Subject is a plugin under test. The command makes one of a binary, package
// plugintest one of a kind in the test's own process. Its methods are called one at
// a time.
type Subject interface {
	// Start starts an instance of the plugin and connects to it, as a host does. ctx
	// bounds the start alone. The error says why a host could not use the plugin.
	Start(ctx context.Context) (Instance, error)
	// CheckSchema says why a host would refuse the schema of a kind's config or, if
	// config is not nil, that config. It returns nil where a host would not.
	CheckSchema(schema, config json.RawMessage) error
}

// File is a Subject that is a plugin's file.
type File interface {
	Subject
	// PluginName is the name that the plugin must have by that of its file, or "" if
	// the file's name says nothing.
	PluginName() string
	// StartByHand starts the plugin as a person does, without arguments, and returns
	// what it printed and its exit status. A process that has not ended when ctx does is
	// killed, and is an error.
	StartByHand(ctx context.Context) (stdout, stderr string, status int, err error)
	// Hide has the instances that are started from now on keep the secrets of a config,
	// which fits the schema of its kind, out of what they log and of their fate. It
	// returns what masks them in a text, or nil if there are none.
	Hide(schema, config json.RawMessage) func(text string) string
}

// Instance is a running plugin.
type Instance interface {
	// Conn is the connection to it.
	Conn() grpc.ClientConnInterface
	// Done is closed once it has ended, for whatever reason.
	Done() <-chan struct{}
	// Fate says in words how it ended, such as "its process ended with exit status
	// 2 (stderr: panic: boom)". It is called after Done.
	Fate() string
	// Close ends it, by force if need be, and returns after Done.
	Close()
}

// Process is an Instance with a process of its own.
type Process interface {
	Instance
	// HangUp closes the connection and the lifeline, as the end of its host does.
	HangUp()
	// Signal sends sig to its process group. It fails where the system cannot.
	Signal(sig os.Signal) error
	// Status is its exit status after Done, or -1 if a signal ended it.
	Status() int
	// Family names the processes that it has started, and that live, by process id.
	// It fails where the system does not tell.
	Family() (map[int]string, error)
}
