package keeper

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

const (
	// deaf is how long the process may neither read, which it does each second, nor end.
	deaf = 2 * time.Second
	// longestPause is how long the next one may be waited for. It is an embedder's program
	// that may never become one, as an init of its own ends it, and is to cost little.
	longestPause = time.Minute
)

// keep has a process keep until Close, one after the other if need be.
func (k *Keeper) keep() {
	var pause time.Duration
	for {
		began := time.Now()
		err := k.employ()
		select {
		case <-k.closing:
			return
		default:
		}
		if time.Since(began) > longestPause {
			pause = 0
		}
		go k.logger().Warn("the keeper, which would end the plugins if this process died, has ended: there will be another one",
			"end", err, "pause", pause) // ends when the log's handler returns, for which Close does not wait
		select {
		case <-time.After(pause):
		case <-k.closing:
			return
		}
		pause = min(max(time.Second, 2*pause), longestPause)
	}
}

// employ starts a process and waits for its end, of which it says how it was.
func (k *Keeper) employ() error {
	cmd, err := k.start()
	select {
	case <-k.begun:
	default:
		close(k.begun)
	}
	if err != nil {
		return fmt.Errorf("this program cannot be started again: %w", err)
	}
	err = cmd.Wait()
	k.mu.Lock()
	k.partLocked()
	k.mu.Unlock()
	if err == nil {
		err = errors.New("exit status 0")
	}
	return err
}

// start starts a process and tells it what there is to know. After Close there is none.
func (k *Keeper) start() (*exec.Cmd, error) {
	path, err := program()
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil, os.ErrClosed
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	enlarge(w)
	cmd := &exec.Cmd{
		Path: path, Args: []string{"hostelry-keeper"}, Dir: "/", Stdin: r, SysProcAttr: ownSession(),
		Env: []string{
			roleKey + "=" + k.mark, hostKey + "=" + strconv.Itoa(os.Getpid()),
			"GORACE=atexit_sleep_ms=0", // or a race build sleeps for a second at its end
		},
	}
	if err := cmd.Start(); err != nil {
		_ = w.Close()
		return nil, err
	}
	k.process, k.pipe = cmd.Process, w
	for what := range k.told {
		k.sendLocked("+" + what)
	}
	return cmd, nil
}

// sendLocked tells the process, if there is one. One that does not listen, as it is
// frozen, is killed before the pipe ends: else it would act when it is thawed.
func (k *Keeper) sendLocked(line string) {
	if k.pipe == nil {
		return
	}
	_ = k.pipe.SetWriteDeadline(time.Now().Add(deaf))
	if _, err := fmt.Fprintln(k.pipe, line); err != nil {
		_ = k.process.Kill()
		k.partLocked()
	}
}

func (k *Keeper) partLocked() {
	if k.pipe != nil {
		_ = k.pipe.Close()
	}
	k.pipe, k.process = nil, nil
}
