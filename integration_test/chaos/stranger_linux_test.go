package chaos

func stranger() {}
