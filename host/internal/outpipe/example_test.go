package outpipe_test

import (
	"fmt"
	"io"
	"os"

	"github.com/hostelry-run/hostelry/host/internal/outpipe"
)

// The process is dead, and somebody else holds the other end.
func Example() {
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	defer w.Close()
	fmt.Fprint(w, "farewell")
	dead := make(chan struct{})
	close(dead)
	p := outpipe.New(r, dead)
	p.Wake()
	text, err := io.ReadAll(p)
	fmt.Println(string(text), err)
	// Output: farewell <nil>
}
