package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// Watcher watches folders. Make it with [NewWatcher]; Watch and Next are called by one
// goroutine.
type Watcher struct {
	system  *fsnotify.Watcher
	batch   *batch
	reading sync.WaitGroup
	failed  map[string]bool // folders of which the caller knows that they are not watched
}

// NewWatcher makes a watcher, whose Close the caller must call. It fails where the
// system has no means left.
func NewWatcher() (*Watcher, error) {
	system, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("the system gives no more means to watch files (on Linux: fs.inotify.max_user_instances): %w", err)
	}
	w := &Watcher{system: system, batch: newBatch(), failed: map[string]bool{}}
	w.reading.Go(w.read) // ends with Close
	return w, nil
}

// Close ends the watching.
func (w *Watcher) Close() {
	_ = w.system.Close()
	w.reading.Wait()
}

// read collects what the system tells. It is quick: on some systems Watch waits for it.
func (w *Watcher) read() {
	for {
		select {
		case e, open := <-w.system.Events:
			if !open {
				return
			}
			if entry := e.Has(fsnotify.Create | fsnotify.Remove | fsnotify.Rename); entry || e.Has(fsnotify.Write) {
				w.batch.put(Change{Path: e.Name, Entry: entry})
			}
		case _, open := <-w.system.Errors:
			if !open {
				return
			}
			w.batch.put(Change{}) // most likely more happened than the system could tell
		}
	}
}

// Watch watches these folders, and no others any more. A folder that is not there is
// left out. The error joins one for each folder that cannot be watched, once.
func (w *Watcher) Watch(dirs []string) error {
	for _, dir := range w.system.WatchList() {
		if !slices.Contains(dirs, dir) {
			_ = w.system.Remove(dir)
		}
	}
	var errs []error
	for _, dir := range dirs {
		err := w.system.Add(dir) // anew, too: it may be another folder of that name
		if err == nil || errors.Is(err, fs.ErrNotExist) || w.failed[dir] {
			continue
		}
		w.failed[dir] = true
		errs = append(errs, fmt.Errorf("cannot watch %s (on Linux, fs.inotify.max_user_watches may be too low): %w", dir, err))
	}
	return errors.Join(errs...)
}

// Next waits until something has changed that is wanted, and until no more has for
// 200 ms. It returns those changes, or nil if ctx ends first.
func (w *Watcher) Next(ctx context.Context, wanted func(Change) bool) []Change {
	return w.batch.next(ctx, wanted)
}
