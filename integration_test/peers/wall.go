package main

// What is in the way of targets, as profiles show it. Each stands below the table if its
// target is not met.
const (
	wallConc = "No-op tasks beside conc: its pool runs one task after another on few goroutines, and makes no context for each; " +
		"errgroup with a context each takes 1.5 times as long too. Of our samples 26 % are the start and the end of a goroutine for each task, " +
		"16 % the collection of 9 objects and 710 bytes for each, of which conc makes 2 with 54; 14 % the index by id and the lists, 14 % the handle and the attempt, " +
		"7 % the attempt's context, 4 % the check of the Spec; the events, which nobody reads there, are nothing. " +
		"What would move it most: goroutines that are used again, for tasks of which none may be left behind."
	wallAsyncio = "No-op tasks beside asyncio: 57 % of our samples are Runner.Add, 21 % the coroutine and the attempt that it makes, with a context (7 %), " +
		"12 % the index by id and the lists, 4 % the handle, 3 % the check of the Spec; 21 % are the collection of 13 objects and 1.1 kB for each task, " +
		"and 13 % the loop. What would move it: fewer and smaller objects for a task."
	wallParkedGoroutine = "A parked goroutine: 2.7 kB is one without a runner, its stack and what the Go runtime keeps for it, and 0.3 kB its context. " +
		"The rest is the handle (230 B), the attempt (110 B), its executor's part (110 B), and the places in the index and the lists (110 B)."
	wallParkedAsync = "A parked task in async mode waits on a coroutine, which is a goroutine whose stack has outgrown the 2 kB that Go begins with; " +
		"the stack shrinks only when a collection finds three quarters of it unused."
	wallYield = "A Yield is two switches of a coroutine, for which the limit beside it is iter.Pull, and a look at the loop's queue."
	wallTLS   = "A launch is the plugin's own start, above all, which both sides pay: to start the same program, to have its main return at once and to reap it " +
		"is 0.17 times a launch with AutoMTLS, the limit beside it; of ours that is 70 %."
	wallWarm = "A warm launch: of 1.3 ms the host waits 0.8 for the plugin, which answers its first stream there, with code that it has not run before " +
		"and that comes into its memory page by page; 0.5 are the host's. A cold launch of this program takes 8 to 11 ms."
	wallProgress = "A report that another replaces takes 50 ns of ours and 30 ns of the bare sender's. Of ours 51 % are the outbox's lock and what it keeps, " +
		"28 % the report's way there by value, 12 % to find the host on the task's context."
	wallLog = "A log line that is a message: the plugin's slog handler writes it as JSON, as it would to stderr, which takes 11 % of the plugin's time; " +
		"52 % are to read that again, 12 % to write its fields as JSON, 18 % to send it. The host spends 65 % on its record, most of it on the fields' JSON. " +
		"The bare stream sends one message, made before, again and again, and nobody looks into it. What would move it: a slog handler that makes the message itself."
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
