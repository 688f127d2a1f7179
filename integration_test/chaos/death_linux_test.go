package chaos

func busyHost() {}
