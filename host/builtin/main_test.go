package builtin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

const (
	// roleKey is the variable that makes this test binary one of the commands
	// under test, when it is started again.
	roleKey = "BUILTIN_TEST_ROLE"
	// witnessKey is the address of a test that wants to see a command's end.
	witnessKey = "BUILTIN_TEST_WITNESS"
)

// roles are the commands. A role that returns exits with status 0.
var roles = map[string]func(){
	"speak":    speak,
	"fail":     fail,
	"context":  describeContext,
	"hang":     hang,
	"stubborn": stubborn,
	"graceful": graceful,
	"parent":   func() { startChild(); hang() },
	"leaver":   startChild,
	"longline": func() { fmt.Print(strings.Repeat("x", 200_000) + "\n" + strings.Repeat("y", 200_000)) },
}

func TestMain(m *testing.M) {
	if play, ok := roles[os.Getenv(roleKey)]; ok {
		play()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func speak() {
	fmt.Print("one\n\ntwo\r\nodd \xff byte\nlast")
	fmt.Fprintln(os.Stderr, "trouble")
}

func fail() {
	for i := range 8 {
		fmt.Fprintf(os.Stderr, "line %d\n\n", i)
	}
	os.Exit(3)
}

// describeContext prints, as JSON, what the command was given.
func describeContext() {
	dir, _ := os.Getwd()
	stdin, _ := io.ReadAll(os.Stdin)
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"dir": dir, "stdin": len(stdin), "args": os.Args[1:], "added": os.Getenv("ADDED"),
	})
}

// hang shows itself to the witness, says so, and lives as long as the witness
// does or until it is ended.
func hang() {
	conn, err := net.Dial("tcp", os.Getenv(witnessKey))
	if err != nil {
		panic(err)
	}
	fmt.Println("up")
	_, _ = io.Copy(io.Discard, conn)
}

func stubborn() {
	signal.Ignore(syscall.SIGTERM)
	hang()
}

// graceful ends with a word and a status of its own when it is asked to.
func graceful() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		<-asked
		fmt.Println("bye")
		os.Exit(7)
	}()
	hang()
}

// startChild starts a stubborn child and returns when it is up.
func startChild() {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), roleKey+"=stubborn")
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err == nil {
		_, err = out.Read(make([]byte, 3))
	}
	if err != nil {
		panic(err)
	}
}
