// Package readiness finds out whether a task is up, for tasks that cannot say so
// themselves: foreign programs.
//
// A [Check] is what to look for. What shows from outside (a port, a page, a
// command) is asked for again and again by [Check.Await]; what shows in the
// task's log is for who sees the log.
package readiness

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
)

// Check says how a task shows that it is ready. At most one of Log, TCP, HTTP and
// Exec is set. The zero Check is that of a task that says it by task.Ready. A Check
// may be used from any goroutine, by any number at once.
type Check struct {
	// Log matches a line of the task's log.
	Log *regexp.Regexp
	// TCP is the host:port that accepts a connection. The host is a name or an
	// address, the port a number; an IPv6 address stands in brackets.
	TCP string
	// HTTP is the http or https URL that answers a GET with a status of 200 to
	// 399. Redirects are not followed, proxies not used, and the certificate of
	// an https URL must be one that this machine trusts.
	HTTP string
	// Exec is the command, a program and its arguments, that exits with status 0.
	// It runs on the host, in the host's directory and with its environment,
	// without a shell.
	Exec []string
	// Keeper ends the command should the host die; nil for none.
	Keeper *keeper.Keeper
}

// Validate says what is wrong with c and what to write instead. It names fields
// as job files do: log, tcp, http, exec. The other methods expect a valid Check.
func (c Check) Validate() error {
	var set []string
	var err error
	for _, field := range []struct {
		name  string
		isSet bool
		check func() error
	}{
		{"log", c.Log != nil, func() error { return nil }},
		{"tcp", c.TCP != "", c.validateTCP},
		{"http", c.HTTP != "", c.validateHTTP},
		{"exec", c.Exec != nil, c.validateExec},
	} {
		if field.isSet {
			set = append(set, field.name)
			err = field.check()
		}
	}
	if len(set) > 1 {
		return fmt.Errorf("%s are set together: give one of log, tcp, http and exec", strings.Join(set, " and "))
	}
	return err
}

func (c Check) validateTCP() error {
	host, port, err := net.SplitHostPort(c.TCP)
	if err != nil || host == "" {
		return fmt.Errorf("tcp %q is not host:port: write it like 127.0.0.1:5432 or [::1]:5432", c.TCP)
	}
	if !isPort(port) {
		return fmt.Errorf("tcp %q: port %q is not a number from 1 to 65535", c.TCP, port)
	}
	return nil
}

func (c Check) validateHTTP() error {
	u, err := url.Parse(c.HTTP)
	if err != nil {
		if parse, ok := errors.AsType[*url.Error](err); ok {
			err = parse.Err // without the URL, which is said already
		}
		return fmt.Errorf("http %q is not a URL (%w): write it like http://127.0.0.1:8080/health", c.HTTP, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return fmt.Errorf("http %q is not a full http or https URL: write it like http://127.0.0.1:8080/health", u.Redacted())
	}
	if port := u.Port(); port != "" && !isPort(port) {
		return fmt.Errorf("http %q: port %q is not a number from 1 to 65535", u.Redacted(), port)
	}
	return nil
}

func (c Check) validateExec() error {
	if len(c.Exec) == 0 || c.Exec[0] == "" {
		return errors.New("exec names no program: give the program and its arguments as a list, like [pg_isready, -q]")
	}
	return nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// String is what the task is waited for by: `log line matching "up"`,
// "tcp 127.0.0.1:80", "http http://127.0.0.1/health" (without the password, if
// it holds one), "exec pg_isready -q", or "task.Ready". It is one line.
func (c Check) String() string {
	switch {
	case c.Log != nil:
		return fmt.Sprintf("log line matching %q", c.Log)
	case c.TCP != "":
		return "tcp " + c.TCP
	case c.HTTP != "":
		if u, err := url.Parse(c.HTTP); err == nil {
			return "http " + u.Redacted()
		}
		return "http " + strconv.Quote(c.HTTP)
	case c.Exec != nil:
		words := []string{"exec"}
		for _, word := range c.Exec {
			words = append(words, quoteIfOdd(word))
		}
		return strings.Join(words, " ")
	default:
		return "task.Ready"
	}
}

// quoteIfOdd quotes a word that would not be seen to be one.
func quoteIfOdd(word string) string {
	quoted := strconv.Quote(word)
	if word == "" || strings.Contains(word, " ") || quoted != `"`+word+`"` {
		return quoted
	}
	return word
}
