package conformance

// The checks that look at what a task said when it ran for the first time.

// heard is a check of what was said, if anything was of what it looks at.
func heard(name string, some func(*transcript) bool, nothing string) func(*trial) outcome {
	return func(t *trial) outcome {
		f := t.firstRun()
		switch {
		case f.why != "":
			return notApplicable("%s", f.why)
		case f.said.faults[name] != "":
			return failed("%s", f.said.faults[name])
		case !some(&f.said) && f.itself:
			return notApplicable("%s", nothing)
		case !some(&f.said):
			return notApplicable("%s, within %v", nothing, t.options.Watch)
		}
		return passed()
	}
}

func always(*transcript) bool { return true }

// checkLastWord does not look at a task that was given up.
func checkLastWord(t *trial) outcome {
	if f := t.firstRun(); f.why == "" && f.late {
		return notApplicable("it does not stop: see %s", stopRunning)
	}
	return heard(lastWord, always, "")(t)
}
