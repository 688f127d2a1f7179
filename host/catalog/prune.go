package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// unusedAfter is how long a copy that nobody launches is kept.
	unusedAfter = 30 * 24 * time.Hour
	// mostBytes is what the copies of a store may take together before a load adds
	// more: a hundred plugins in Go, or a few days of building one again and again.
	mostBytes = 2 << 30
	// justUsed is how long a copy is left alone that a host has looked at: it may be
	// about to note that it uses it.
	justUsed = time.Minute
	// uses is the directory in a store where hosts note what they use.
	uses = "in-use"
)

// use notes, for as long as this process lives, that it launches a plugin from the
// copy with that sum. It stands in the place of what was noted of the plugin before.
// Without the note, the copy is removed when it was not launched for long.
func (s *store) use(plugin, sum string) {
	if absolute, err := filepath.Abs(plugin); err == nil {
		plugin = absolute
	}
	of := sha256.Sum256([]byte(plugin))
	note := filepath.Join(s.dir, uses, fmt.Sprintf("%d-%x", os.Getpid(), of[:8]))
	if noted, err := os.ReadFile(note); err == nil && string(noted) == sum {
		return
	}
	if os.MkdirAll(filepath.Dir(note), 0o700) == nil {
		_ = replaceFile(note, []byte(sum))
	}
}

// inUse are the sums of the copies that hosts use, and removes the notes of those that
// are gone. A process that got the number of a dead host keeps a copy longer.
func (s *store) inUse() map[string]bool {
	used := make(map[string]bool)
	for _, note := range files(filepath.Join(s.dir, uses)) {
		number, _, _ := strings.Cut(filepath.Base(note), "-")
		pid, err := strconv.Atoi(number)
		if err != nil { // being written, or somebody's
			continue
		}
		if !lives(pid) {
			_ = os.Remove(note)
			continue
		}
		if sum, err := os.ReadFile(note); err == nil {
			used[string(sum)] = true
		}
	}
	return used
}

// kept is a copy in a store.
type kept struct {
	dir  string
	last time.Time
	size int64
}

// prune removes copies that were not launched for long, and of the others those that
// were not for longest, until they take at most so many bytes together; but none that
// a host uses. It also removes what a host that died left half made. Whatever else is
// there is somebody's.
func (s *store) prune(most int64) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	used := s.inUse()
	var idle []kept
	total := int64(0)
	for _, entry := range entries {
		dir := filepath.Join(s.dir, entry.Name())
		switch {
		case !isOurs(entry.Name()):
			continue
		case used[entry.Name()]:
			total += sizeOf(dir)
			continue
		}
		c := kept{dir, lastUse(dir), sizeOf(dir)}
		if time.Since(c.last) > unusedAfter {
			_ = os.RemoveAll(dir)
			continue
		}
		total += c.size
		idle = append(idle, c)
	}
	slices.SortFunc(idle, func(a, b kept) int { return cmp.Compare(a.last.UnixNano(), b.last.UnixNano()) })
	for _, c := range idle {
		if total <= most {
			return
		}
		if time.Since(lastUse(c.dir)) > justUsed { // now: another host may have looked at it
			_ = os.RemoveAll(c.dir)
			total -= c.size
		}
	}
}

// isOurs knows the names that a store makes for copies.
func isOurs(name string) bool {
	_, err := hex.DecodeString(name)
	return err == nil && len(name) == 2*sha256.Size || strings.HasPrefix(name, fresh)
}

// sizeOf is what the files in dir take, in bytes.
func sizeOf(dir string) int64 {
	sum := int64(0)
	for _, path := range files(dir) {
		if info, err := os.Stat(path); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

// lastUse is the newest time of a file in dir, or of dir itself.
func lastUse(dir string) time.Time {
	var newest time.Time
	for _, path := range append(files(dir), dir) {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}

func files(dir string) []string {
	entries, _ := os.ReadDir(dir)
	paths := make([]string, len(entries))
	for i, e := range entries {
		paths[i] = filepath.Join(dir, e.Name())
	}
	return paths
}
