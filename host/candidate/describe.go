package candidate

import (
	"context"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// Describe starts the plugin, asks what it offers, and ends it. ctx bounds all of
// that.
func (c *Candidate) Describe(ctx context.Context) (wire.Description, error) {
	p, err := pluginproc.Launch(ctx, pluginproc.Config{
		Path: c.copied, File: c.file, Logger: c.logger, Keeper: c.keeper,
	})
	if err != nil {
		return wire.Description{}, err
	}
	defer p.Close(ctx) // which kills it at the end of ctx
	d, err := p.Client().Describe(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return d, err
}
