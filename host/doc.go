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
//	                     per task         runner's one loop    per task
//	may block            yes              by task.Await only   yes
//	stop after grace     abandoned        abandoned            the group is killed
//	panic                that task fails  that task fails      that task fails
//	crash of its process the host's       the host's           that task fails
//	kinds                of this program  of this program      of plugins too
//
// One runner mixes all three. A task behaves the same in each: the same states,
// the same [TaskError], the same result. What differs is what the mode can
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
// # Processes
//
// A plugin runs in a process group of its own, with a minimal environment (PATH,
// HOME, TMPDIR, the locale and the time zone), its socket in a private directory
// that is removed at its end. What it prints becomes log records. When the host
// dies, even by SIGKILL, a plugin written with package plugin stops its tasks with
// task.ErrHostGone and exits within a second or so.
//
// A kind that this program registered itself runs in process mode by starting this
// program again: call plugin.ServeSelf first in main. Without that call such a task
// fails to launch and says so.
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
