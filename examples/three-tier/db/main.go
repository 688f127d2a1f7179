// Command db is a foreign program: a tiny database of counters, which knows nothing
// of Hostelry. It takes a moment until it listens, and exits when its last client
// has left.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// recovery is how long the database reads its journal before it listens.
const recovery = 500 * time.Millisecond

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: db HOST:PORT")
		os.Exit(2)
	}
	fmt.Println("reading the journal")
	time.Sleep(recovery)
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "db:", err)
		os.Exit(1)
	}
	fmt.Println("accepting connections")
	d := &database{listener: listener, counters: map[string]int64{}}
	d.serve()
	fmt.Println("the last client has left")
}

// database is a set of counters and its clients.
type database struct {
	listener net.Listener
	serving  sync.WaitGroup

	mu       sync.Mutex
	counters map[string]int64
	clients  int // that have said something
}

// serve serves until the last client has left.
func (d *database) serve() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			break // closed by the last client
		}
		d.serving.Go(func() { d.talk(conn) }) // ends with the connection
	}
	d.serving.Wait()
}

// talk answers each line "INCR NAME" with the counter's new value. A connection
// that says nothing, as one that only looks whether the port is open, is no client.
func (d *database) talk(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for first := true; lines.Scan(); first = false {
		name, ok := strings.CutPrefix(lines.Text(), "INCR ")
		d.mu.Lock()
		if first {
			d.clients++
			defer d.leave()
		}
		answer := "what?"
		if ok {
			d.counters[name]++
			answer = fmt.Sprint(d.counters[name])
		}
		d.mu.Unlock()
		if _, err := fmt.Fprintln(conn, answer); err != nil {
			return
		}
	}
}

// leave takes note of the end of a client.
func (d *database) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.clients--; d.clients == 0 {
		_ = d.listener.Close() // what else would it do for nobody
	}
}
