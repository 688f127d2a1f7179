package host_test

func unserved() int { return 0 }
