// Package supervision holds tests alone: what a runner does about tasks that crash,
// freeze, or need each other, where they are real processes, and where modes mix. What
// can be shown in one process, package host shows. They run on Linux, where processes
// can be watched closely enough.
package supervision
