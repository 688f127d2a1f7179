package chaos

func floodHost() {}
