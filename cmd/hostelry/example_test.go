package main

import (
	"fmt"
	"os"
)

func Example() {
	status := hostelry([]string{"run", "exec", "--mode", "proces", "--set", "comand=[ls]"}, os.Stdout, os.Stdout)
	fmt.Println("exit status", status)
	// Output:
	// --mode: mode "proces" is not one of goroutine, async, process
	// config of kind "exec" (--set): missing required field "command"
	// config of kind "exec" (--set): unknown field "comand": did you mean "command"? (known: command, dir, env)
	// exit status 2
}
