package shell_test

import (
	"fmt"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/shell"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	fmt.Println("hostelry run exec" + shell.Set("command", "[make, test]") + shell.Set("dir", "src"))
	// Output:
	// hostelry run exec --set 'command=[make, test]' --set dir=src
}

// TestQuote: a shell reads back what was quoted.
func TestQuote(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("this system has no POSIX shell")
	}
	for _, text := range []string{"", "a", "it's", `"$HOME" \ *`, "a=b", "=a", "~", "a b", "#", "{a,b}", "é", "-n", "!x"} {
		output, err := exec.CommandContext(t.Context(), sh, "-c", "printf '%s' "+shell.Quote(text)).Output()
		if err != nil || string(output) != text {
			t.Errorf("of %q, quoted %s, the shell makes %q, %v", text, shell.Quote(text), output, err)
		}
	}
	if got := shell.Quote("a\x1b[2J"); got != `'a\x1b[2J'` {
		t.Errorf("quoted %s", got)
	}
}
