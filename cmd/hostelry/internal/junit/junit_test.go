package junit_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/junit"
)

func Example() {
	err := junit.Write(os.Stdout, junit.Suite{Name: "hostelry-tick", Cases: []junit.Case{
		{Class: "tick", Name: "start", Took: 20 * time.Millisecond},
		{Class: "tick", Name: "ready", Failure: "it said ready twice", Detail: `rule run-reports: "ready"`},
		{Class: "tick", Name: "restore", Skipped: "it makes no checkpoint"},
	}})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <testsuites>
	//   <testsuite name="hostelry-tick" tests="3" failures="1" skipped="1" time="0.020">
	//     <testcase classname="tick" name="start" time="0.020"></testcase>
	//     <testcase classname="tick" name="ready" time="0.000">
	//       <failure message="it said ready twice">rule run-reports: &#34;ready&#34;</failure>
	//     </testcase>
	//     <testcase classname="tick" name="restore" time="0.000">
	//       <skipped message="it makes no checkpoint"></skipped>
	//     </testcase>
	//   </testsuite>
	// </testsuites>
}

// TestForeignText does not break the file.
func TestForeignText(t *testing.T) {
	var b strings.Builder
	text := "\x00 \x1b[31m <&\"' \xff ]]>"
	if err := junit.Write(&b, junit.Suite{Name: text, Cases: []junit.Case{{Class: text, Name: text, Failure: text, Detail: text}}}); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in %s", err, b.String())
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteFails(t *testing.T) {
	if err := junit.Write(broken{}, junit.Suite{}); err != io.ErrClosedPipe {
		t.Errorf("Write = %v", err)
	}
}
