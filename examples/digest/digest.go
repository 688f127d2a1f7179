package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/hostelry-run/hostelry/shared/task"
)

// digestKind is the kind of task that this plugin offers.
func digestKind() task.Kind {
	return task.NewKind("digest", newDigest,
		task.WithDescription("hashes every regular file under a directory, as find and sha256sum would"))
}

func newDigest(c config) (task.Task, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return digest{c}, nil
}

// result is what a digest task returns.
type result struct {
	// Files and Bytes count what was hashed.
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
	// SHA256 is the digest, in hex.
	SHA256 string `json:"sha256"`
}

type digest struct{ config config }

// Run reads files from start to end, which blocks: all of it happens off the
// event loop, if there is one.
func (d digest) Run(ctx context.Context) (any, error) {
	return task.Await(ctx, d.run)
}

func (d digest) run(ctx context.Context) (any, error) {
	dir, err := d.config.directory(ctx)
	if err != nil {
		return nil, err
	}
	found, err := findFiles(ctx, dir)
	if err != nil {
		return nil, err
	}
	task.Logger(ctx).Info("hashing", "dir", dir, "files", len(found.names), "bytes", found.bytes)
	s := newSum(dir, found)
	for _, name := range found.names {
		if err := s.add(ctx, name); err != nil {
			return nil, err
		}
	}
	return s.result(), nil
}

// files are the regular files under a directory.
type files struct {
	names []string // relative to the directory, with slashes, in the order of sort's C locale
	bytes int64    // the sum of their sizes
}

// findFiles looks at every file under dir and follows no symbolic link. It keeps
// the names in memory, and nothing of the contents. A file that vanishes before
// it was looked at is an error.
func findFiles(ctx context.Context, dir string) (files, error) {
	var found files
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		found.names = append(found.names, filepath.ToSlash(name))
		found.bytes += info.Size()
		return nil
	})
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("list %s: %w", dir, err)
	}
	slices.Sort(found.names)
	return found, err
}
