package keeper

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// patience is how long plugins may clean up after their host's death: those of
// the SDK take a second at most.
const patience = 1300 * time.Millisecond

// init turns this process into a keeper if a host started it as one. It is an
// init so that every program that embeds a host can be its own keeper, without a
// call in its main; it comes before main, and exits.
func init() {
	if mark, ok := os.LookupEnv(roleKey); ok {
		os.Exit(watch(os.Stdin, mark))
	}
}

// watch reads what the host tells until the pipe ends, and then does its duty.
func watch(host io.Reader, mark string) int {
	groups := make(map[int]string) // and when each one's leader was born
	lines := bufio.NewScanner(host)
	for lines.Scan() {
		line := lines.Text()
		if line == farewell {
			return 0
		}
		pgid, err := strconv.Atoi(strings.TrimLeft(line, "+-"))
		switch {
		case err != nil || pgid <= 1:
		case line[0] == '+':
			groups[pgid] = birth(pgid)
		default:
			delete(groups, pgid)
		}
	}
	time.Sleep(patience)
	for pgid, born := range groups {
		// A number that another process got meanwhile is not ours to kill.
		if now := birth(pgid); now == "" || now == born {
			killGroup(pgid)
		}
	}
	killMarked(markKey + "=" + mark)
	return 0
}
