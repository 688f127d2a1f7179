package pluginproc_test

import (
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// fifoKey names a fifo that a process holds open for as long as it lives.
const fifoKey = "PLUGINPROC_TEST_FIFO"

func init() {
	maps.Copy(roles, map[string]func(){
		"silent":          here,
		"prints first":    func() { fmt.Println("hello"); here() },
		"prints a lot":    func() { fmt.Println(strings.Repeat("x", 1<<20)); here() },
		"half a line":     func() { fmt.Print("1|1|unix|"); here() },
		"half and exit":   func() { fmt.Print("1|1|unix|") },
		"no newline":      func() { fmt.Print(shake("unix", address("s.sock"))); here() },
		"a long line":     func() { fmt.Println(shake("unix", address("s.sock")) + strings.Repeat("A", 1<<20)); here() },
		"64 KB of path":   func() { fmt.Println(exactly(64 << 10)); here() },
		"64 KB less one":  func() { fmt.Println(exactly(64<<10 - 1)); here() },
		"elsewhere":       func() { fmt.Println(shake("unix", "/tmp/s.sock")); here() },
		"by dots":         func() { fmt.Println(shake("unix", address("../../s.sock"))); here() },
		"tcp":             func() { fmt.Println(shake("tcp", "127.0.0.1:1")); here() },
		"not there":       func() { fmt.Println(shake("unix", address("s.sock"))); here() },
		"mute":            func() { accept(func(net.Conn) { here() }) },
		"hangs up":        func() { accept(func(c net.Conn) { _ = c.Close() }) },
		"says noise":      func() { accept(sayNoise) },
		"closes stdout":   func() { _ = os.Stdout.Close(); here() },
		"frozen":          frozen,
		"another version": func() { fmt.Println("1|7|unix|/tmp/x|grpc"); here() },
		"exits":           func() { fmt.Fprintln(os.Stderr, "no licence"); os.Exit(3) },
		"succeeds":        func() {},
		"panics":          func() { panic("boom") },
		"killed":          func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) },
		"shakes, exits":   func() { fmt.Println(shake("unix", address("s.sock"))); os.Exit(4) },
		"leaves a child":  func() { spawn("child"); os.Exit(5) },
		"deaf":            func() { signal.Ignore(syscall.SIGTERM); spawn("child"); accept(serveNothing) },
		"child":           child,
	})
	flaws["orphan"] = func() { spawn("child"); os.Exit(6) }
}

// here says that the plugin has come so far, and stays there.
func here() {
	fmt.Fprintln(os.Stderr, "here")
	select {}
}

func address(name string) string { return os.Getenv(wire.SocketDirKey) + "/" + name }

func shake(network, address string) string {
	return wire.Handshake{Protocol: wire.ProtocolVersion, Network: network, Address: address}.String()
}

// exactly is a handshake line of n bytes, but for its newline.
func exactly(n int) string {
	head, tail := "1|1|unix|"+address(""), "|grpc"
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
}

// sayNoise waits for the host to hang up, and for somewhat less than the host waits then.
func sayNoise(c net.Conn) {
	fmt.Fprintln(os.Stderr, "connected")
	fmt.Fprintln(c, "neither a frame nor anything else")
	_, _ = io.Copy(io.Discard, c)
	time.Sleep(300 * time.Millisecond)
	fmt.Fprintln(os.Stderr, "refused")
}

// accept is a plugin that does something of its own with each connection.
func accept(serve func(net.Conn)) {
	listener, err := net.Listen("unix", address("s.sock"))
	if err != nil {
		panic(err)
	}
	fmt.Println(shake("unix", address("s.sock")))
	for {
		conn, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go serve(conn)
	}
}

// serveNothing says just enough HTTP/2 to be reached: empty settings.
func serveNothing(c net.Conn) {
	_, _ = c.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0})
	_, _ = c.Read(make([]byte, 1<<10))
	_, _ = c.Write([]byte{0, 0, 0, 4, 1, 0, 0, 0, 0}) // and that it has read the host's
	select {}
}

// spawn starts a child that holds this process's output open, and returns once it
// is up.
func spawn(role string) {
	up, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleKey+"="+role)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, []*os.File{w}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	_ = w.Close()
	_, _ = io.Copy(io.Discard, up)
}

// child holds the fifo open for as long as it lives.
func child() {
	f, err := os.OpenFile(os.Getenv(fifoKey), os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString("up")
	}
	if err != nil {
		panic(err)
	}
	_ = os.NewFile(3, "up").Close()
	select {}
}

// frozen stops itself. The system may stop this thread last, which must not end the
// process before.
func frozen() {
	fmt.Fprintln(os.Stderr, "here")
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the host hangs up
}

// asked is a plugin that does something of its own when it is asked what it offers.
func asked(answer func() error) func() {
	return func() {
		l, err := net.Listen("unix", address("s.sock"))
		if err != nil {
			panic(err)
		}
		s := grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return answer() }))
		fmt.Println(shake("unix", address("s.sock")))
		_ = s.Serve(l)
	}
}

func init() {
	maps.Copy(roles, map[string]func(){
		"exits when asked":  asked(func() error { fmt.Fprintln(os.Stderr, "database is locked"); os.Exit(9); return nil }),
		"killed when asked": asked(func() error { return syscall.Kill(os.Getpid(), syscall.SIGKILL) }),
		"hangs when asked":  asked(func() error { here(); return nil }),
		"cannot say":        asked(func() error { return status.Error(codes.Unimplemented, "no such service") }),
	})
}
