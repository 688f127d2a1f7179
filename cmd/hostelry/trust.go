package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/hostelry-run/hostelry/host/catalog"
)

// loading is what the flags say of how to load a plugin directory.
type loading struct {
	catalog      *catalog.Catalog // to load into; nil for a new one
	startTimeout time.Duration    // 0 for the default
	trust
	relock bool // the lock file is about to be written anew
}

// trust is what the flags say of which plugins to trust.
type trust struct{ locked, writable bool }

func (t *trust) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&t.locked, "locked", false, "refuse plugins that are not in the directory's "+catalog.LockFile)
	t.addWritable(cmd)
}

func (t *trust) addWritable(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&t.writable, "allow-writable", false, "accept plugins that other users can write")
}

func (l loading) options() []catalog.LoadOption {
	var opts []catalog.LoadOption
	if l.startTimeout > 0 {
		opts = append(opts, catalog.WithStartTimeout(l.startTimeout))
	}
	if l.locked {
		opts = append(opts, catalog.WithLocked())
	}
	if l.writable {
		opts = append(opts, catalog.WithWritableByOthers())
	}
	if l.relock {
		opts = append(opts, catalog.WithoutLock())
	}
	return opts
}
