// Package soak holds one test alone: two hundred tasks of every mode that crash at
// random, and are begun again, for as long as -soak says; and what is left of them
// at the end, which must be nothing. It runs on Linux, where processes can be
// watched closely enough.
package soak
