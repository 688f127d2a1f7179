package wire_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// protocol is the page for authors of plugins in other languages.
const protocol = "../proto/PROTOCOL.md"

// TestProtocolPage names what this package does: the page's names, numbers and
// codes are those of the code.
func TestProtocolPage(t *testing.T) {
	raw, err := os.ReadFile(protocol)
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	line := wire.Handshake{Protocol: wire.ProtocolVersion, Network: "unix", Address: "ADDRESS"}
	want := []string{
		wire.CookieKey, wire.CookieValue, wire.LifelineKey, wire.SocketDirKey, wire.ClientCertKey,
		"`" + strings.TrimSuffix(line.String(), "|") + "`",
		fmt.Sprintf("%d bytes (%d MiB)", wire.MaxMessage, wire.MaxMessage>>20),
	}
	for code, name := range taskpb.Code_name {
		if code != 0 {
			want = append(want, name)
		}
	}
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("%s does not have %q", protocol, w)
		}
	}
}

// TestRuleNames: a rule is cited by its name, so that each is there once, and each
// line of a section is a rule.
func TestRuleNames(t *testing.T) {
	raw, err := os.ReadFile(protocol)
	if err != nil {
		t.Fatal(err)
	}
	rule := regexp.MustCompile(`^- \*\*([a-z]+(?:-[a-z]+)+)\*\* [A-Z` + "`" + `]`)
	var names []string
	for line := range strings.Lines(string(raw)) {
		if !strings.HasPrefix(line, "- ") {
			continue
		}
		found := rule.FindStringSubmatch(line)
		if found == nil {
			t.Errorf("no rule with a name: %s", line)
			continue
		}
		if slices.Contains(names, found[1]) {
			t.Errorf("%s is there twice", found[1])
		}
		names = append(names, found[1])
	}
	if len(names) == 0 {
		t.Error("there are no rules")
	}
}
