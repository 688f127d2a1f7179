package candidate

import (
	"context"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// Describe starts the plugin, asks what it offers, and ends it. ctx bounds
// that, but for the end, for which it has two seconds.
func (c *Candidate) Describe(ctx context.Context) (wire.Description, error) {
	return pluginproc.Describe(ctx, pluginproc.Config{
		Path: c.copied, File: c.file, Logger: c.logger, Keeper: c.keeper,
	})
}
