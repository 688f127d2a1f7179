package main

// What is in the way of targets, as profiles show it. Each stands below the table if its
// target is not met.
const (
	wallConc = "No-op tasks beside conc: it makes no context, no handle and no entry in an index for a task, and its goroutines are used again. " +
		"Of our samples (BenchmarkNoop in package host) 26 % are the start and the end of a goroutine for each task, 11 % the index by id, " +
		"11 % the collection of 4 objects and 580 bytes for each, 9 % to note what has begun and ended, 7 % the handle, 4 % the check of the Spec. " +
		"What would move it most: goroutines that are used again, for tasks of which none may be left behind."
	wallAsyncio = "No-op tasks beside asyncio: Runner.Add is 55 % of our samples, and as one goroutine adds all, as long as the whole. Of it, " +
		"a third is to begin the attempt, 18 % the index by id, 19 % the runner's lock and what is noted under it, 12 % the handle, 11 % the check " +
		"of the Spec. Beside it, on the other processor, are the loop, 22 %, and the collection of 3 objects and 610 bytes for each task, 15 %. " +
		"What would move it: an index that finds and adds in one step, and an attempt in one object."
	wallParked = "A parked task: 2.7 kB is a goroutine without a runner, its stack and what the Go runtime keeps for it. The rest is the handle, " +
		"the attempt and its executor's part, and the places in the index and the lists."
	wallYield = "A Yield is two switches of a coroutine, for which the limit beside it is iter.Pull, and a look at the loop's queue."
	wallTLS   = "A launch is the plugin's own start, above all, which both sides pay: to start the same program, to have its main return at once and to reap it " +
		"is 0.17 times a launch with AutoMTLS, the limit beside it; of ours that is 70 %."
	wallWarm = "A warm launch is the first word to a process that sleeps: a stream of a bare process, after the same rest, is the limit beside it, and takes " +
		"longer than a tenth of a cold launch by itself. A task in a shared process that has run others takes 1.1 ms after that rest. What is left, 0.3 ms, " +
		"is what a plugin does for the first time: a rehearsal, a start that the plugin refuses, brings it near that."
	wallCheckpoint = "A checkpoint: of what the task's goroutines take 48 % are the sending, 15 % the data's JSON, and the rest to note who waits for which answer, " +
		"where the bare sender's are all in one queue."
	wallShared = "10,000 tasks in one process take 72 µs each of the host's processor, against 55 of the bare streams, and 39 of the plugin's, against 38. " +
		"Of the host's, 13 % are to find a seat and what a start needs besides its stream, 10 % Runner.Add, 5 % the events. But on two cores they keep " +
		"1.2 busy, where the bare ones keep 1.6: their calls all begin at once, and ours one after another in Add."
	wallStop = "A stop asks and waits for the answer, by gRPC, and that is the wall. To kill the same 100 processes without asking " +
		"took 1.6 times the limit: 7 threads end instead of 5, and the host closes a connection, three pipes and a socket for each. " +
		"Bare gRPC servers, this program with one stream each that their client ends, took 1.7 times the limit when they were then " +
		"killed as ours are, and 2.4 times when they ended by themselves. What the question adds is a process that wakes up: perf " +
		"counts 30 switches of context a stop against 9, most of them of the Go runtime's sysmon, poller and idle threads. Of what " +
		"a plugin's process computes, 70 % is the system's removal of its memory, on each side. A smaller program ends sooner; a " +
		"stop that one thread reads from a pipe, without gRPC, would wake fewer of them."
)
