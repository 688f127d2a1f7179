//go:build unix

package examples_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// otherwise says what is done with a README's command instead of running it as it is.
// The first whose part is in the command counts, or at its end where a $ ends it.
var otherwise = []struct {
	part    string
	instead string // or "" to leave it out
	because string
}{
	{"go test ./...", "", "this is a part of it"},
	{"apt-get install", "", "it changes the system"},
	{"npm ci", "", "it needs the network, and its outcome is here"},
	{"dlv exec", "", "the debugger may not be here"},
	{"serve --attach", "", "it waits for another terminal: the command's scripts run both"},
	{"run --attach", "", "as above"},
	{"--watch", "", "it goes on until Ctrl-C: the command's scripts run it"},
	{"jq .", "hostelry run job.yaml --output json", "jq may not be here"},
	{"DIR KIND --set key=value", "hostelry run --plugins plugins hello --set name=Ada", "the words in capitals stand for these"},
	{"run KIND", "hostelry run exec --set 'command=[echo, hello]' --restart on-failure --deadline 1h", "as above"},
	{"plugin list --plugins DIR", "hostelry plugin list --plugins plugins", "as above"},
	{"plugin show --plugins DIR", "hostelry plugin show --plugins plugins hello", "as above"},
	{"plugin docs DIR", "hostelry plugin docs plugins/hostelry-hello", "as above"},
	{"plugin lock --plugins DIR", "cp -r plugins locked && hostelry plugin lock --plugins locked", "as above; a lock would be in the way of the next"},
	{"cd ROOT", "cd shared && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum", "as above"},
	{"$COLUMN", "awk 'NF >= 1 {print $1}' job.yaml | LC_ALL=C sort | uniq -c | LC_ALL=C sort -s -k1,1nr | head -3", "as above"},
	{"/var/log/dpkg", "hostelry run --plugins . tally --set file=job.yaml --set column=1", "the file may not be here"},
	{"misbehave --set how=fail --set after=1s", "! go run ./cmd/hostelry run --plugins examples/plugins misbehave --set how=fail", "it fails, as asked"},
	{" plugins/hostelry-hello ./hello$", "go build -o plugins/hostelry-hello ./hello", "bin is there"},
	{"plugins/hostelry-hello$", "plugins/hostelry-hello; test $? -eq 2", "by itself it only explains, and that is a status of its own"},
}

// runnable is the command that is run for one of a README, or "".
func runnable(command string) string {
	for _, o := range otherwise {
		part, end := strings.CutSuffix(o.part, "$")
		if end && strings.HasSuffix(command, part) || !end && strings.Contains(command, part) {
			return o.instead
		}
	}
	return command
}

// elsewhere are READMEs whose commands other tests run.
var elsewhere = []string{"examples/three-tier/README.md", "examples/self-healing/README.md"}

// TestReadmes makes a plugin of the README's first program and runs every command of
// the READMEs, in a copy of the repository.
func TestReadmes(t *testing.T) {
	repository := copyRepository(t)
	readme := read(t, filepath.Join(repository, "README.md"))
	write(t, filepath.Join(repository, "hello/main.go"), block(t, readme, "go", "package main"))
	write(t, filepath.Join(repository, "job.yaml"), block(t, readme, "yaml", "# job.yaml"))
	sh(t, repository, "go build -o bin/ ./cmd/hostelry && mkdir -p plugins && go build -o plugins/hostelry-hello ./hello")

	for _, file := range readmes(t, repository) {
		dir := repository
		if strings.Contains(file, "python") || strings.Contains(file, "node") { // they say: from this folder
			dir = filepath.Join(repository, filepath.Dir(file))
		}
		for _, command := range commands(read(t, filepath.Join(repository, file))) {
			t.Run(file+": "+command, func(t *testing.T) {
				if command := runnable(command); command != "" {
					sh(t, dir, command)
				}
			})
		}
	}
}

// readmes are those whose commands can be run here.
func readmes(t *testing.T, repository string) []string {
	t.Helper()
	files := []string{"README.md"}
	err := fs.WalkDir(os.DirFS(repository), "examples", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "node_modules" {
			return fs.SkipDir
		}
		if err == nil && entry.Name() == "README.md" && !slices.Contains(elsewhere, path) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(file string) bool {
		switch {
		case strings.Contains(file, "python"):
			return exec.Command("/usr/bin/python3", "-c", "import grpc, google.protobuf").Run() != nil
		case strings.Contains(file, "node"):
			_, err := os.Stat(filepath.Join(repository, "examples/node/node_modules/@grpc"))
			return err != nil
		default:
			return false
		}
	})
}

// commands are the lines of a README's shell blocks, and what a transcript says was
// typed, without comments.
func commands(readme string) (all []string) {
	within := ""
	for line := range strings.Lines(readme) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			within = line[3:]
		case within == "sh", within == "console" && strings.HasPrefix(line, "$ "):
			line, _, _ = strings.Cut(strings.TrimPrefix(line, "$ "), "  #")
			if line, _, _ = strings.Cut(line, " # "); strings.TrimSpace(line) != "" {
				all = append(all, strings.TrimSpace(line))
			}
		}
	}
	return all
}

// block is the first block in a language that begins so.
func block(t *testing.T, readme, language, begin string) string {
	t.Helper()
	_, rest, ok := strings.Cut(readme, "```"+language+"\n"+begin)
	text, _, closed := strings.Cut(rest, "\n```")
	if !ok || !closed {
		t.Fatalf("the README has no block in %s that begins with %q", language, begin)
	}
	return begin + text + "\n"
}

// copyRepository copies what git tracks, or would, into a repository of its own.
func copyRepository(t *testing.T) string {
	t.Helper()
	list, err := exec.Command("git", "-C", "..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := os.Chmod(to, 0o700); err != nil { // a plugin's folder
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		info, err := os.Stat(filepath.Join("..", name))
		if err != nil {
			continue // removed, and not committed yet
		}
		write(t, filepath.Join(to, name), read(t, filepath.Join("..", name)))
		if err := os.Chmod(filepath.Join(to, name), info.Mode()&^0o022); err != nil {
			t.Fatal(err)
		}
	}
	if packages, err := filepath.Abs("node/node_modules"); err == nil {
		if _, err := os.Stat(packages); err == nil {
			if err := os.Symlink(packages, filepath.Join(to, "examples/node/node_modules")); err != nil {
				t.Fatal(err)
			}
		}
	}
	sh(t, to, "git init -q && git -c user.name=x -c user.email=x@example.com commit -q --allow-empty -m empty")
	return to
}

// sh runs a command, which must succeed.
func sh(t *testing.T, dir, command string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	root := dir
	for filepath.Base(filepath.Dir(root)) == "examples" {
		root = filepath.Dir(filepath.Dir(root))
	}
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(root, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
		"GOFLAGS=-trimpath -buildvcs=false", "XDG_CACHE_HOME="+filepath.Join(root, ".cache"), "GOCACHE="+goEnv(t, "GOCACHE"))
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
