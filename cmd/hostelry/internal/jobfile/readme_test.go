package jobfile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
)

// TestReadmesHaveNoMistake: each job file in a README is right, as far as it can be
// known from the file alone.
func TestReadmesHaveNoMistake(t *testing.T) {
	for _, file := range []string{"README.md", "examples/self-healing/README.md"} {
		text, err := os.ReadFile("../../../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := strings.Split(string(text), "```yaml\n")[1:]
		if len(blocks) == 0 {
			t.Errorf("%s has no job file", file)
		}
		for _, block := range blocks {
			job, _, _ := strings.Cut(block, "```\n")
			if _, problems := jobfile.Parse(file, []byte(job)); problems != nil {
				t.Errorf("%v\n%s", problems, job)
			}
		}
	}
}
