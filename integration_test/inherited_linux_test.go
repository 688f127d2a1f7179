package integration_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInheritedFiles: what else the command inherited open reaches neither a plugin nor
// its environment.
func TestInheritedFiles(t *testing.T) {
	dir := t.TempDir()
	seen, secret := filepath.Join(dir, "seen"), filepath.Join(dir, "secret")
	script := "#!/bin/sh\n{ ls -l /proc/$$/fd; tr '\\0' '\\n' </proc/$$/environ; } >" + seen + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "hostelry-looks"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(secret)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command(binary("hostelry"), "plugin", "list", "--plugins", dir)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cacheDir(), "TOKEN="+secret, "GODEBUG=gctrace=0", "LD_PRELOAD=")
	cmd.ExtraFiles = []*os.File{f, f, f}
	out, _ := cmd.CombinedOutput()
	told, err := os.ReadFile(seen)
	if err != nil {
		t.Fatalf("the plugin was not started: %v\n%s", err, out)
	}
	for _, bad := range []string{secret, "TOKEN", "GODEBUG", "LD_PRELOAD", "XDG_CACHE_HOME"} {
		if strings.Contains(string(told), bad) {
			t.Errorf("the plugin sees %s:\n%s", bad, told)
		}
	}
	if !strings.Contains(string(told), "HOSTELRY_PLUGIN=") {
		t.Errorf("the plugin sees only\n%s", told)
	}
}
