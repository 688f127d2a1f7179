package pluginproc

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hostelry-run/hostelry/host/internal/redact"
)

// TestSecretInALineThatIsCut: a line of output that is too long becomes pieces, and
// a line that is kept is cut short: neither cuts a secret in two.
func TestSecretInALineThatIsCut(t *testing.T) {
	const secret = "hunter2-hunter2"
	mask := redact.New([]string{secret})
	for first, limit := range map[string]int{"x": maxLine, "{": maxRecord, "y": maxTailText} { // what may be JSON is cut later
		for before := limit - len(secret) - 2; before <= limit+1; before++ {
			output := first + strings.Repeat("x", before-1) + secret + strings.Repeat("y", 100) + "\nlast " + secret
			for _, r := range []io.Reader{strings.NewReader(output), iotest.HalfReader(strings.NewReader(output))} {
				got, kept := &collector{t: t}, &tail{mask: mask}
				copyLog(mask.Logger(slog.New(got)), kept, newLineReader(r, mask))
				want := strings.ReplaceAll(output, secret, redact.Masked)
				if text := strings.ReplaceAll(got.plain.String(), "\n", ""); text != strings.ReplaceAll(want, "\n", "") {
					t.Fatalf("after %d bytes: the log ends with %.300q", before, text[max(0, len(text)-300):])
				}
				if lines := strings.Join(kept.lines(), "\n"); strings.Contains(lines, "hunt") {
					t.Fatalf("after %d bytes: what is kept is %q", before, lines)
				}
			}
		}
	}
}
