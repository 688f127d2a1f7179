// Package host runs many stoppable tasks, each as a goroutine, as a coroutine on
// one event loop, or in a plugin process of its own, behind one interface, under
// one runner with one failure policy.
//
// An embedder makes a [Runner] with [New], adds tasks by [Spec], and calls
// [Runner.Run]; or [Runner.Start], [Runner.Wait] and [Runner.Stop] where the run
// is to go on in the background. Each [Handle] tells of one task, and
// [Runner.Events] of all of them.
//
// # Modes
//
//	                     goroutine        async                process
//	runs                 a goroutine      a coroutine on the   a plugin process
//	                     per task         runner's one loop    per task, or share
//	may block            yes              by task.Await only   yes
//	stop after grace     abandoned        abandoned            the group is killed
//	panic                that task fails  that task fails      that task fails
//	crash of its process the host's       the host's           that task fails
//	kinds                of this program  of this program      of plugins too
//
// One runner mixes all three. A task behaves the same in each: the same states,
// the same [TaskError], the same result. Across the process boundary errors.Is
// finds the errors of package task, context.Canceled and context.DeadlineExceeded;
// an error of the task's own arrives as its text. What differs is what the mode can
// promise, above all at the end: a process can be killed, a goroutine cannot.
//
// # Stopping
//
// A stop asks every task at once and waits for the proof, which is that Run of the
// task returned. By the end of the grace ([WithGrace]) the runner insists: it
// kills a process task's whole process group, and abandons a goroutine or
// coroutine, which it names in a *TaskError with [OutcomeStopTimeout] and in the
// log. An async task that holds the loop for half of its grace after it was asked
// to stop is taken off the loop, so that the others can stop in time.
//
// # Supervision
//
// A task is begun again when it ends, if its [Restart] says so, with the newest
// checkpoint of the attempts before. Each attempt is a life of its own: it gets a fresh
// task.Task, in process mode a fresh process or a seat in a shared one, and ends exactly
// once. Never do two attempts of a task run side by side, unless Restart.Overlap allows it
// beside one that was abandoned. When its restarts are spent, or could not help, the task
// has failed, and only then its policy hears of it.
//
// A task with needs ([Spec.Needs]) waits before each attempt until they are met. One
// that can never begin, because what it needs has failed for good, ends as never
// started, and is no failure of its own; [Handle.Cause] says why. A stop goes the
// other way round.
//
// What ends an attempt besides the task itself: its timeout, its watchdog, a
// readiness that does not come in time, each a failure with an [Outcome] of its own.
// The task is told to stop as ever, and has the grace to do so; only an unresponsive
// process is killed at once.
//
// Tasks come and go while the runner runs: [Runner.Add], [Runner.Remove],
// [Handle.Restart], [Replicas.Scale], and [Runner.Reload] where plugins were built
// anew. A [Group] has a policy and a restart strategy of its own. [Spec.Isolate] moves
// a task that panics too often into a process.
//
// # Processes
//
// A plugin runs in a process group of its own, with a minimal environment, its
// socket in a private directory that is removed at its end: below TMPDIR if that is set,
// on Linux else in memory, below XDG_RUNTIME_DIR or /dev/shm, and in any case where its
// path is short enough and nobody else can take its place. What it prints becomes
// log records.
//
// A kind that this program registered itself runs in process mode by starting this
// program again: call plugin.ServeSelf first in main. Without that call such a task
// fails to launch and says so. Two helpers of the host are this program started
// again too, the keeper and what sets [Limits]: they take over before main, so that
// an init function of the program's own, which may run before, should not have
// effects outside of the process.
//
// A plugin that somebody else started, under a debugger for instance, can be attached
// ([catalog.Catalog.Attach]): it is dialled instead of launched, all of its tasks run
// in that process, and the host's end leaves it to the next. The host cannot kill it:
// a task there that does not stop is hung up on and abandoned, and the end of the
// connection is a lost task.
//
// # Shared and waiting processes
//
// With [SharePlugin] attempts of a plugin's kinds run side by side in one process, as many
// as [Spec.MaxTasks] allows; when all are full, another one is started, and one that the
// last attempt has left ends. Those share that would have got the same process: of the
// same plugin and version of it, with the same Env, Limits and MaxTasks. Each attempt
// still has its own stream, and so its own stop, result, checkpoint, failure and panic. What
// is common to them:
//
//   - The process's death is each one's failure, exited or signalled; each follows its
//     Restart, and those that come back share again.
//   - An attempt that did not stop within the grace is ended by force: its process is
//     killed. The others in it are lost, and their errors say for whose sake. One that
//     showed no sign of life is first asked to stop, for their sake, unless its process
//     does not answer either; all that ask at a time ask it once.
//   - An attempt that was not made in time, or whose stream broke, fails alone. Its process
//     takes no more, as its code may still run there, and ends with the last of the others.
//   - Limits are the process's, with all attempts in it. A limit on CPU time, which adds up,
//     is refused.
//   - What the process prints goes to the log of the run, with plugin and pid, the secrets
//     of all that ever ran there masked. It is no task's: no sign of life, no Ready.Log.
//     What a task says by task.Logger goes to its own log as ever; a plugin that was not
//     written with package plugin may not be able to tell, and its log is the plugin's too.
//   - What an attempt leaves behind in the process, goroutines or child processes, lives as
//     long as the process does.
//
// Spec.Warm keeps processes waiting, started and ready, from the first such attempt to the
// end of the run: that many for each Env, Limits, Share and MaxTasks that such a task of
// the plugin has had. Whoever needs one takes it, and it is replaced in the background, one
// launch at a time. Without SharePlugin it serves one attempt; its output is its task's
// from then on. A process that dies while it waits is replaced, after a pause that grows;
// the log says so, and no task hears of it unless it was just about to get it. A process
// that takes no more tasks, as it was told to terminate, gets none: they go to another one,
// on Linux also as long as a signal has stopped it. It got its environment when it was
// started, and its copy of the plugin was checked as for any launch: what Runner.Reload
// brings puts new ones in the place of those that wait, with the first task that needs one;
// an attempt of an older version, of a task that Reload has left as it was, is launched.
// The runner ends them with the run, within the grace; the host's death ends them as it
// does others.
//
// The names are those of pre-forking servers: PHP-FPM's pm.max_children and
// pm.min_spare_servers, Apache's MinSpareServers. But by default nothing is shared and nothing
// waits: that costs isolation, and memory.
//
// # Config
//
// A task's config is checked against its kind's JSON Schema when the task is added,
// and then the schema's defaults are put in the place of what it leaves out: the
// task gets the same config in every mode.
//
// A text that the schema marks by "secret": true is not shown. An error about it
// says ***, and *** stands for it in what the task says through the host: log
// records and their attributes, errors and panics with their stacks, the lines of
// its process, progress, its result. It is found as it is, line by line, and as a
// quoted string, JSON or a URL writes it, but not if it has fewer than 4 characters,
// encoded otherwise, cut in pieces by the task, or in what another task says. In
// goroutine and async mode only what goes through the task's ctx is the host's: not
// what it prints or gives to another logger. errors.As finds the task's own errors as
// they are. Checkpoints are kept, in memory, as they are.
//
// # Security
//
// A plugin is other people's code that runs as this user, with this user's rights.
// It is not in a sandbox: it can read and write what this user can, and harm this
// user's other processes. What is protected, against whom:
//
//   - The socket, against every other process, of this user and of others. On Linux
//     each side asks the system, for each connection, who is at the other end, before
//     it says anything. The host accepts, as its own user, the child that it started,
//     or one of that child's process group that descends from it. A plugin written with
//     package plugin accepts, as its own user, the process that started it or its
//     process group's leader, and hangs up on others. A foreign plugin has the host's
//     half of the check, and beyond that the socket's directory, which only this user
//     can enter. On other systems, and with [WithTLS], both sides show certificates
//     that were made for the launch.
//   - Less, where a plugin was attached (catalog.Catalog.Attach): it runs what whoever
//     started it chose. Host and plugin each accept any process of their own user, on
//     other systems than Linux whoever the directory of its socket lets in.
//   - What runs, against who can replace a plugin's file after it was checked. The
//     catalog hashes and copies a plugin through one descriptor, into a directory that
//     only this user and root can write, and what is launched is that copy. A copy of an
//     earlier run is hashed again before it counts. For a script this covers the script
//     alone, not its interpreter or what it imports.
//   - What may run. A plugin, or plugin directory, that users other than this one and
//     root can write is refused, by its owner, its mode, or on Linux its access list. A
//     group is nobody else if it is root's, or this user's first, of the user's name or
//     number. Of a link, what it leads to is asked; directories above are not. With a lock
//     file in the directory, a plugin that differs from it, in content or version, is
//     refused. Neither protects against who can write the lock file.
//   - The host's environment, against a plugin that looks for secrets there. It gets
//     PATH, HOME, TMPDIR, TZ, LANG, LANGUAGE and LC_*, what its [Env] names, and what
//     the host and it must agree on. As this user's process it may still read the
//     host's through the system. Files that the host itself inherited open reach it, as
//     with any program in Go; the command hostelry keeps them back, on Linux 5.11.
//   - The host, against what a plugin says and does: garbage, floods, lies, hanging,
//     dying. A message has at most 130 MiB; a config, a result or a checkpoint 64 MiB
//     as JSON text, quotes and all; a text of a failure, of progress or of a log message
//     256 KiB. A line of its output is cut at 64 KiB (1 MiB for a JSON record), and the
//     last 20 of its stderr are kept at 500 bytes each. The host reads as fast as its
//     log handler takes records: a flood slows the plugin that makes it. What a plugin
//     has left in its pipes when it dies is read within two seconds, and the log says
//     how much was not. A log handler that hangs keeps no plugin from its end, and a
//     stop for some seconds at most; one that panics loses its record.
//   - The system, against what a plugin leaves behind. A task's process group is killed
//     when the task ends, or the last one that shares it. When the host dies, even by
//     SIGKILL, a plugin written with package plugin stops its tasks with
//     task.ErrHostGone and exits within a second, after which the keeper kills the
//     process groups that are left, frozen and foreign ones too, and on Linux every
//     process that still has the host's mark, HOSTELRY_HOST, in its environment. Those the
//     host kills at the end of a run, too: a process that left its plugin's group on purpose
//     lives until then, unless its task has a cgroup. Commands, those of the kind exec and
//     those that check readiness, carry the mark as well. What is to outlive the run is
//     started without that variable.
//   - The system, against a plugin that uses too much by mistake: see [Limits]. One that
//     means to can leave its cgroup, as this user can.
//
// Not protected against: root, a debugger of this user, and a plugin that freezes the
// keeper, or kills it and at once the host: a keeper that ends has a successor, which knows
// what it knew, and the log says so.
//
// # For users of the Python helper
//
// Hostelry descends from a helper that ran agents in async, threaded or
// multiprocess mode. Each of its parts is here:
//
//	ExecutorExceptionPolicies stop_all,     [StopAll], [Propagate], [LogOnly]
//	  propagate, log_only
//	AbstractExecutorTask: start, stop       task.Task's Run and the end of its ctx;
//	                                        task.Stopper for a stop of its own
//	future, id, failed                      [Handle] Done, [Result] and Err; ID; State
//	create_async_task(loop)                 [Async] mode, the same Run
//	AbstractMultiprocessExecutorTask        a plugin's kind; in-process modes are
//	                                        refused with [ErrNeedsProcess]
//	ThreadExecutor, AsyncExecutor,          [Goroutine], [Async], [Process]
//	  ProcessExecutor
//	AbstractMultipleExecutor: is_running,   [Runner] State, Start, Stop, NumFailed,
//	  start, stop, num_failed,              Failed, NotFailed
//	  failed_tasks, not_failed_tasks
//	AbstractMultipleRunner: mode,           [WithMode], [WithPolicy], [Runner] Run or
//	  fail_policy, start(threaded),         Start and Wait, Stop, Failed, NotFailed,
//	  stop(timeout), failed, not_failed,    Wait
//	  try_join_thread
package host
