package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// shell is the digest as the shell computes it.
func shell(t *testing.T, root string) string {
	t.Helper()
	version, err := exec.Command("sha256sum", "--version").Output()
	m := regexp.MustCompile(`^sha256sum \(GNU coreutils\) (\d+)\.`).FindSubmatch(version)
	if err != nil || m == nil {
		t.Skip("this Linux has no GNU coreutils, whose escapes of odd names digest has")
	}
	if major, _ := strconv.Atoi(string(m[1])); major < 9 {
		t.Skip("this Linux has GNU coreutils older than 9, which escape no carriage return")
	}
	cmd := exec.Command("sh", "-c", `set -e; cd -- "$1"; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`, "sh", root)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("the shell's digest: %v: %s", err, &stderr)
	}
	return strings.Fields(string(out))[0]
}

func compare(t *testing.T, root string) result {
	t.Helper()
	want := shell(t, root)
	got, err := run(t.Context(), config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if got.SHA256 != want {
		t.Errorf("digest of %s is %s, the shell's is %s", root, got.SHA256, want)
	}
	return got
}

func TestEqualsTheShell(t *testing.T) {
	t.Run("odd names", func(t *testing.T) {
		root := t.TempDir()
		write(t, root, map[string]string{
			"with space": "1", "new\nline": "2", `back\slash`: "3", "carriage\rreturn": "4",
			"-leading-dash": "5", "-": "6", "not\xffutf8\xfe": "7", "tab\t*?[a]'\"$`": "8",
			"ünïcode": "9", ".hidden": "10", "a/b": "11", "a.b": "12", "a!b": "13", "a-b/c": "14",
			"di\nr/fi\\le": "15", "same": "", "a/same": "", strings.Repeat("n", 255): "16",
			" ": "17", "\\": "18", "\n": "19", "\x01\x7f": "20",
		})
		if got := compare(t, root); got.Files != 22 {
			t.Errorf("%d files, want 22", got.Files)
		}
	})
	t.Run("no files", func(t *testing.T) {
		root := t.TempDir()
		compare(t, root)
		if err := os.MkdirAll(filepath.Join(root, "a/b"), 0o700); err != nil {
			t.Fatal(err)
		}
		compare(t, root)
	})
	t.Run("symbolic links", func(t *testing.T) {
		root, elsewhere := t.TempDir(), t.TempDir()
		write(t, root, map[string]string{"dir/file": "x"})
		write(t, elsewhere, map[string]string{"other": "y"})
		for link, target := range map[string]string{
			"to-file": "dir/file", "to-dir": "dir", "dangling": "nowhere", "loop": "loop", "up": "..", "away": elsewhere,
		} {
			if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
				t.Fatal(err)
			}
		}
		if got := compare(t, root); got.Files != 1 {
			t.Errorf("%d files, want 1: a link was followed", got.Files)
		}
		if got := compare(t, filepath.Join(root, "away")); got.Files != 1 {
			t.Errorf("%d files, want 1: a root that is a link is entered, as cd would", got.Files)
		}
	})
	t.Run("more names than fit one command line", func(t *testing.T) {
		root := t.TempDir()
		files := map[string]string{}
		for i := range 1500 {
			files[strings.Repeat("long", 50)+strconv.Itoa(i)] = strconv.Itoa(i)
		}
		write(t, root, files)
		compare(t, root)
	})
	t.Run("random names", func(t *testing.T) {
		root := t.TempDir()
		random := rand.New(rand.NewPCG(1, 2))
		alphabet := []byte("ab./-\\\n\r \xff!0")
		files := map[string]string{}
		for range 300 {
			name := make([]byte, 1+random.IntN(12))
			for i := range name {
				name[i] = alphabet[random.IntN(len(alphabet))]
			}
			files["x"+strings.ReplaceAll(string(name), "/", "x/x")] = string(name)
		}
		for name := range files { // a file cannot be a directory too
			for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
				delete(files, dir)
			}
		}
		write(t, root, files)
		if got := compare(t, root); got.Files != int64(len(files)) {
			t.Errorf("%d files, want %d", got.Files, len(files))
		}
	})
}
