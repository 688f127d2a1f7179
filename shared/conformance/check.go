// Package conformance checks that a plugin keeps the rules of the protocol, as
// shared/proto/PROTOCOL.md states them: over the real boundary, message by message, as
// a host that looks closely.
//
// A [Suite] runs the checks against a [Subject], which starts instances of the
// plugin: of its binary in `hostelry plugin test`, or of a kind in the test's own
// process in package plugintest. Each check cites the rule that it holds, takes a
// bounded time whatever the plugin does, and blames the plugin for the breach of that
// rule alone. Authors of plugins do not need this package.
package conformance

import "slices"

// Check is one thing that a plugin must do.
type Check struct {
	// Name is stable, such as "stop-running".
	Name string
	// Rule is the name of the rule that it holds, and Sentence what of it.
	Rule, Sentence string
	// EachKind says that it is one of each kind, not of the plugin as a whole.
	EachKind bool
	// Process says that it needs a process of the plugin's own.
	Process bool

	do func(*trial) outcome
}

// Checks are all, in the order in which they are best run.
func Checks() []Check { return slices.Concat(pluginChecks(), kindChecks(), endChecks()) }

// The names of checks to which others refer.
const (
	launch       = "launch"
	describe     = "describe"
	start        = "start"
	order        = "order"
	readyOnce    = "ready"
	progress     = "progress"
	logs         = "log"
	checkpoints  = "checkpoint"
	result       = "result"
	failure      = "failure"
	failureCodes = "failure-codes"
	lastWord     = "last-word"
	stopRunning  = "stop-running"
	concurrent   = "concurrent"
	exit         = "exit"
)

// pluginChecks are those of the plugin as a whole.
func pluginChecks() []Check {
	return []Check{
		{Name: launch, Process: true, do: checkLaunch,
			Rule: "handshake-line", Sentence: "The plugin prints `1|1|unix|ADDRESS|grpc` and a newline"},
		{Name: "by-hand", Process: true, do: checkByHand,
			Rule: "env-cookie", Sentence: "without arguments the plugin says on stderr what it is, and exits with status 2"},
		{Name: describe, do: checkDescribe,
			Rule: "describe-any-time", Sentence: "The plugin answers Describe at any time, without effects, and the same each time"},
		{Name: "name", do: checkName,
			Rule: "describe-kinds", Sentence: "1 to 64 lower-case letters, digits and inner hyphens"},
		{Name: "version", do: checkVersion,
			Rule: "describe-kinds", Sentence: "The version is a semantic version without `v`"},
		{Name: "kinds", do: checkKinds,
			Rule: "describe-kinds", Sentence: "It names at least one kind, and each once: 1 to 64 lower-case letters, digits and inner hyphens"},
		{Name: "first-message", do: checkFirstMessage,
			Rule: "run-start", Sentence: "A stream that begins otherwise ends with INVALID_ARGUMENT"},
		{Name: "other-service", do: checkOtherService,
			Rule: "rpc-service", Sentence: "answers calls of other services with UNIMPLEMENTED"},
		{Name: "unknown-kind", do: checkUnknownKind,
			Rule: "run-unknown-kind", Sentence: "A kind that the plugin does not offer ends with `finished`, CODE_UNKNOWN_KIND, without `started`"},
	}
}

// kindChecks are those of each kind.
func kindChecks() []Check {
	checks := []Check{
		{Name: "schema", do: checkSchema,
			Rule: "describe-schema", Sentence: "A kind's schema is a JSON Schema (draft 2020-12) that refers to nothing outside itself"},
		{Name: start, do: checkStart,
			Rule: "run-started", Sentence: "`started` comes first and once, as soon as the task was made and before its work: the host waits for it"},
		{Name: order, do: heard(order, always, ""),
			Rule: "run-reports", Sentence: "all after `started` and before `finished`"},
		{Name: readyOnce, do: heard(readyOnce, func(t *transcript) bool { return t.ready }, "it never said ready"),
			Rule: "run-reports", Sentence: "`ready` comes at most once"},
		{Name: progress, do: heard(progress, func(t *transcript) bool { return t.progress > 0 }, "it reported no progress"),
			Rule: "run-progress", Sentence: "`done` is not negative, and `total` is 0 where it is not known"},
		{Name: logs, do: heard(logs, func(t *transcript) bool { return t.logs > 0 }, "it sent no log message: its lines on stderr are logs too, which no check reads"),
			Rule: "log-message", Sentence: "`fields` is a JSON object or empty"},
		{Name: checkpoints, do: heard(checkpoints, func(t *transcript) bool { return t.sequence > 0 }, "it made no checkpoint"),
			Rule: "checkpoint-sequence", Sentence: "`sequence` counts from 1 in each attempt"},
		{Name: result, do: heard(result, func(t *transcript) bool { return len(t.finished.GetResult()) > 0 }, "it returned no result"),
			Rule: "run-result", Sentence: "The result is JSON, or empty for none"},
		{Name: failure, do: heard(failure, func(t *transcript) bool { return t.finished.GetFailure() != nil }, "it did not fail"),
			Rule: "failure-message", Sentence: "`message` says what was wrong, where, and what to do"},
		{Name: failureCodes, do: heard(failureCodes, func(t *transcript) bool { return len(t.finished.GetFailure().GetCodes()) > 0 }, "it did not fail with a code"),
			Rule: "failure-codes", Sentence: "`codes` names each condition that holds"},
		{Name: lastWord, do: checkLastWord,
			Rule: "run-finished", Sentence: "`finished` comes last and once, when all that the attempt started has ended. Then the plugin ends the stream with status OK"},
		{Name: stopRunning, do: checkStopRunning,
			Rule: "stop-grace", Sentence: "The task cleans up and the plugin sends `finished` within `grace`"},
		{Name: "stop-clean", do: checkStopClean,
			Rule: "stop-clean", Sentence: "After a stop, `finished` without a failure, or with CODE_STOPPED, CODE_HOST_GONE or CODE_CANCELLED, is a clean end"},
		{Name: "stop-starting", do: checkStopStarting,
			Rule: "stop-early", Sentence: "A task that is asked to stop before it was made is not run: `finished` with CODE_STOPPED, without `started`"},
		{Name: "stop-late", do: checkStopLate,
			Rule: "stop-once", Sentence: "`stop` comes at most once, at any time after `start`"},
		{Name: "stop-twice", do: checkStopTwice,
			Rule: "run-finished", Sentence: "`finished` comes last and once"},
		{Name: "stop-unanswered", do: checkStopUnanswered,
			Rule: "checkpoint-ack", Sentence: "A task that needs a checkpoint kept waits for its answer, or for its own stop"},
		{Name: concurrent, do: checkConcurrent,
			Rule: "run-concurrent", Sentence: "Many may be open at once, and do not wait for each other"},
		{Name: "stop-alone", do: checkStopAlone,
			Rule: "stop-once", Sentence: "It concerns its stream alone"},
		{Name: "hang-up", do: checkHangUp,
			Rule: "end-stream", Sentence: "A Run stream that the host ends without `stop` means that the host is gone: the task stops, with CODE_HOST_GONE"},
		{Name: "restore", do: checkRestore,
			Rule: "checkpoint-restore", Sentence: "`start.checkpoint` is the newest checkpoint of the task's earlier attempts, or empty"},
		{Name: "bad-config", do: checkBadConfig,
			Rule: "run-bad-config", Sentence: "A config that the plugin does not take ends with `finished`, CODE_BAD_CONFIG, without `started`"},
		{Name: "unknown-messages", do: checkUnknownMessages,
			Rule: "future-unknown", Sentence: "The plugin ignores fields, and RunRequests whose message is none of those above"},
		{Name: "task-processes", Process: true, do: checkTaskProcesses,
			Rule: "run-finished", Sentence: "`finished` comes last and once, when all that the attempt started has ended"},
	}
	for i := range checks {
		checks[i].EachKind = true
	}
	return checks
}

// endChecks are those of the plugin as a whole that need to know its kinds, or end it.
func endChecks() []Check {
	return []Check{
		{Name: "describe-running", do: checkDescribeRunning,
			Rule: "describe-any-time", Sentence: "while a task runs too, where no answer means a frozen plugin"},
		{Name: "large-config", Process: true, do: checkLargeConfig,
			Rule: "rpc-size", Sentence: "The plugin takes messages of up to 136314880 bytes (130 MiB)"},
		{Name: "interrupt", Process: true, do: checkInterrupt,
			Rule: "end-sigterm", Sentence: "SIGINT is the host's to answer: the plugin ignores it"},
		{Name: "terminate", Process: true, do: checkTerminate,
			Rule: "end-sigterm", Sentence: "On SIGTERM the plugin stops its tasks as if each was asked to"},
		{Name: "host-gone", Process: true, do: checkHostGone,
			Rule: "end-host-gone", Sentence: "all tasks stop likewise, and the plugin exits within a second, with status 0, whether they have ended or not"},
		{Name: exit, Process: true, do: checkExit,
			Rule: "end-hang-up", Sentence: "When the host is done, it closes its connection and the lifeline and sends SIGTERM; after 2 s it kills the process group"},
		{Name: "nothing-left", Process: true, do: checkNothingLeft,
			Rule: "end-nothing-left", Sentence: "No process that the plugin started outlives it"},
	}
}
