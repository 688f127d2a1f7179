package procgroup_test

// desert is unix's: a process cannot leave its job object.
func desert() {}
