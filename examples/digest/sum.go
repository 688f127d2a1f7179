package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/hostelry-run/hostelry/shared/task"
)

// chunk is how much is read between two looks at ctx. A slow disk reads it in a
// few milliseconds.
const chunk = 256 << 10

// sum is the digest of a tree in the making: the SHA-256 of what
// `find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum` prints.
type sum struct {
	dir    string
	total  int64 // bytes that are expected
	listed int   // files that are expected
	files  int64
	bytes  int64
	lines  hash.Hash
	buf    []byte
}

func newSum(dir string, found files) *sum {
	return &sum{dir: dir, total: found.bytes, listed: len(found.names), lines: sha256.New(), buf: make([]byte, chunk)}
}

// add hashes the file of that name, which is relative to the directory.
func (s *sum) add(ctx context.Context, name string) (err error) {
	file, err := os.Open(filepath.Join(s.dir, filepath.FromSlash(name)))
	if err != nil {
		return fmt.Errorf("hash a file: %w", err) // err names the file
	}
	defer func() { err = errors.Join(err, file.Close()) }()

	content := sha256.New()
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := file.Read(s.buf)
		content.Write(s.buf[:n])
		s.bytes += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("hash a file: %w", err)
		}
		s.report(ctx)
	}
	s.files++
	s.report(ctx)
	s.lines.Write(line(content.Sum(nil), "./"+name))
	return nil
}

// report tells the progress in bytes. Files that grew since they were listed
// must not make it pass its total.
func (s *sum) report(ctx context.Context) {
	s.total = max(s.total, s.bytes)
	task.Progress(ctx, s.bytes, s.total, fmt.Sprintf("%d of %d files", s.files, s.listed))
}

// result is called once, after the last file.
func (s *sum) result() result {
	if s.files == 0 {
		// GNU xargs runs its command once even without arguments, and sha256sum
		// then reads standard input, which is empty, and calls it "-".
		nothing := sha256.Sum256(nil)
		s.lines.Write(line(nothing[:], "-"))
	}
	return result{Files: s.files, Bytes: s.bytes, SHA256: hex.EncodeToString(s.lines.Sum(nil))}
}

// line is what sha256sum of GNU coreutils 9 prints for a file: a name with a
// backslash, a newline or a carriage return is escaped, and then the line begins
// with a backslash.
func line(sha []byte, name string) []byte {
	escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(name)
	mark := ""
	if escaped != name {
		mark = `\`
	}
	return fmt.Appendf(nil, "%s%x  %s\n", mark, sha, escaped)
}
