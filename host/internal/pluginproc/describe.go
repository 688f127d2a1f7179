package pluginproc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// farewell is how long a plugin that was only to describe itself may take to end.
const farewell = 2 * time.Second

// Describe launches a plugin, asks what it offers, and ends it. ctx bounds that, but for
// the end. A failure is a *LaunchError, and nothing is left of the process in any case.
func Describe(ctx context.Context, c Config) (wire.Description, error) {
	p, err := Launch(ctx, c)
	if err != nil {
		return wire.Description{}, err
	}
	d, err := p.Describe(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	p.Dismiss(ctx)
	return d, err
}

// Describe asks the plugin what it offers, which proves that it serves. If it does not say
// by the end of ctx it is killed, and the error is a *LaunchError.
func (p *Process) Describe(ctx context.Context) (wire.Description, error) {
	d, err := p.Client().Describe(ctx)
	if err == nil {
		return d, nil
	}
	if errors.Is(err, wire.ErrLost) {
		p.runner.awaitDying(ctx)
	}
	p.Kill()
	e := p.runner.failure(err)
	switch exit := p.Exit(); {
	case !exit.Killed:
		e.blame(exit, "when it was asked what it offers,")
	case ctx.Err() != nil:
		e.Err = fmt.Errorf("it came up, but does not answer: %w", context.Cause(ctx))
	default:
		e.Err = fmt.Errorf("it came up, but does not say what it offers: %w", err)
	}
	return d, e
}
