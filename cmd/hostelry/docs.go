package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/docs"
	"github.com/hostelry-run/hostelry/host/candidate"
	"github.com/hostelry-run/hostelry/shared/wire"
)

func newPluginDocs(c *command) *cobra.Command {
	var startTimeout string
	cmd := &cobra.Command{
		Use:   "docs BINARY",
		Short: "Print a plugin's documentation in Markdown, as it describes itself",
		Long: `Print a plugin's documentation in Markdown: its kinds of task, the fields of their
configs, and a task of each for a job file. It is all as the plugin describes
itself, which for that is started; the same plugin gives the same text.`,
		Example: `  hostelry plugin docs ./hostelry-digest > digest.md`,
		Args:    oneArgument("the plugin's executable"),
		RunE: func(cmd *cobra.Command, args []string) error {
			timeout, err := duration(startTimeout)
			if err != nil {
				return usage(cmd, fmt.Errorf("--start-timeout: %w", err))
			}
			signals := watchSignals(nil)
			defer signals.end()
			d, err := describe(signals.ctx, args[0], cmp.Or(timeout, 10*time.Second))
			if status, stopped := signals.status(context.Cause(signals.ctx)); stopped {
				c.status = status
				return nil
			}
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			_, err = io.WriteString(c.out, docs.Markdown(d))
			return err
		},
	}
	addStartTimeout(cmd, &startTimeout)
	return cmd
}

// describe asks a plugin what it offers, and checks what a host would refuse.
func describe(ctx context.Context, file string, timeout time.Duration) (wire.Description, error) {
	binary, err := candidate.New(file, slog.New(slog.DiscardHandler))
	if err != nil {
		return wire.Description{}, err
	}
	defer binary.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within the start timeout of %v", timeout))
	defer cancel()
	d, err := binary.Describe(ctx)
	if err == nil && len(d.Kinds) == 0 {
		err = errors.New("it offers no kinds")
	}
	if err != nil {
		return d, err
	}
	for _, k := range d.Kinds {
		if len(k.ConfigSchema) == 0 {
			continue
		}
		if err := binary.CheckSchema(k.ConfigSchema, nil); err != nil {
			return d, fmt.Errorf("the config schema of kind %q: %w", k.Name, err)
		}
	}
	return d, nil
}
