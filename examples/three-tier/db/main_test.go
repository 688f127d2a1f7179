package main

import (
	"bufio"
	"fmt"
	"net"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Example: the port is tried, a client counts, and its end is the database's.
func Example() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan struct{})
	go func() { // ends with the last client
		defer close(ended)
		d := &database{listener: listener, counters: map[string]int64{}}
		d.serve()
	}()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		return conn
	}
	dial().Close()
	client := dial()
	answers := bufio.NewScanner(client)
	for _, line := range []string{"INCR a", "INCR b", "INCR a", "DECR a"} {
		fmt.Fprintln(client, line)
		answers.Scan()
		fmt.Println(line, "->", answers.Text())
	}
	client.Close()
	<-ended
	// Output:
	// INCR a -> 1
	// INCR b -> 1
	// INCR a -> 2
	// DECR a -> what?
}
