// Package observe is what tests of real processes see from outside: which processes
// there are, what a run has left behind, and the events of a run. Tests import it
// and nothing else does.
package observe
