package catalog

import (
	"context"
	"fmt"

	"github.com/hostelry-run/hostelry/host/internal/attach"
	"github.com/hostelry-run/hostelry/shared/task"
)

// Attach adds the kinds of a plugin that somebody else started, most often under a
// debugger, with serve --attach: address is what it then prints, "unix:/PATH". name
// is the plugin's. Its tasks run in that process, with its environment and working
// directory: hosts dial it, any number of them at once, instead of launching the
// plugin, and can hang up on a task but not kill it. A file of that name in a plugin
// directory, loaded before or later, is skipped.
//
// ctx bounds the call, which asks the plugin what it offers and then hangs up. It
// fails if nobody serves at address or, on Linux, another user does; if the plugin
// does not answer before ctx ends, has another name, or offers what a plugin may
// not; and if a plugin of that name is attached already. Then nothing has changed.
func (c *Catalog) Attach(ctx context.Context, name, address string) error {
	kinds, err := describeAttached(ctx, name, address)
	if err == nil {
		err = c.attach(name, address, kinds)
	}
	if err != nil {
		return fmt.Errorf("plugin %q at %s: %w", name, address, err)
	}
	return nil
}

func describeAttached(ctx context.Context, name, address string) ([]Kind, error) {
	if err := task.ValidateName(name); err != nil {
		return nil, err
	}
	if name == BuiltIn {
		return nil, fmt.Errorf("%s/KIND stands for a kind of the host's own program: a plugin has another name", BuiltIn)
	}
	conn, err := attach.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	d, err := conn.Client().Describe(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("it does not answer: %w: does a debugger hold it?", context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("what serves there does not answer as a plugin: %w", err)
	case d.Name != name:
		return nil, fmt.Errorf("what serves there is the plugin %q: attach it by that name", d.Name)
	}
	kinds, err := pluginKinds(&Plugin{Name: name}, "", d)
	for i := range kinds {
		kinds[i].address = address
	}
	return kinds, err
}

// attach puts the kinds of an attached plugin in the place of those from a file.
func (c *Catalog) attach(name, address string, kinds []Kind) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.attached[name]; at != "" {
		return fmt.Errorf("a plugin of that name is attached already, at %s", at)
	}
	if c.attached == nil {
		c.attached = make(map[string]string)
	}
	c.attached[name] = address
	c.removeLocked(func(k Kind) bool { return k.Plugin == name })
	for i := range c.plugins {
		if p := &c.plugins[i]; p.Name == name {
			p.Err, p.Kinds = ErrAttached, nil
		}
	}
	c.addLocked(kinds)
	return nil
}

// isAttached is asked by Load, which does not launch what is.
func (c *Catalog) isAttached(plugin string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.attached[plugin] != ""
}
