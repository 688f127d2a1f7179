// Package junit writes test reports in JUnit's XML, which most build servers read.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// Suite is the report of one suite of tests.
type Suite struct {
	Name  string
	Cases []Case
}

// Case is one test.
type Case struct {
	// Class is what the test is about, and Name the test's own name.
	Class, Name string
	Took        time.Duration
	// Failure is why it failed, in one line, and Detail more of that; or "".
	Failure, Detail string
	// Skipped is why it was not run, or "".
	Skipped string
}

// Write writes the report. What no XML can hold is replaced.
func Write(w io.Writer, s Suite) error {
	suite := suiteElement{Name: s.Name, Tests: len(s.Cases)}
	var took time.Duration
	for _, c := range s.Cases {
		took += c.Took
		one := caseElement{Class: c.Class, Name: c.Name, Time: seconds(c.Took)}
		if c.Failure != "" {
			suite.Failures++
			one.Failure = &note{Message: c.Failure, Text: c.Detail}
		}
		if c.Skipped != "" {
			suite.Skipped++
			one.Skipped = &note{Message: c.Skipped}
		}
		suite.Cases = append(suite.Cases, one)
	}
	suite.Time = seconds(took)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suites{Suites: []suiteElement{suite}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

type suites struct {
	XMLName xml.Name       `xml:"testsuites"`
	Suites  []suiteElement `xml:"testsuite"`
}

type suiteElement struct {
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Skipped  int           `xml:"skipped,attr"`
	Time     string        `xml:"time,attr"`
	Cases    []caseElement `xml:"testcase"`
}

type caseElement struct {
	Class   string `xml:"classname,attr"`
	Name    string `xml:"name,attr"`
	Time    string `xml:"time,attr"`
	Failure *note  `xml:"failure"`
	Skipped *note  `xml:"skipped"`
}

type note struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}
