package pluginproc

// makeCgroup makes the cgroup that the limits need. The keeper hears of it before it
// is made, lest the host die between the two.
func (r *pluginRunner) makeCgroup() error {
	if r.cgroup = r.config.Cgroup.New(); r.cgroup == nil {
		return nil
	}
	r.config.Keeper.AddCgroup(r.cgroup.Dir())
	return r.cgroup.Make()
}

// endCgroup kills who is left in the cgroup, such as who left the process group, and
// removes it.
func (r *pluginRunner) endCgroup() {
	if r.cgroup == nil {
		return
	}
	var err error
	if r.overLimit, err = r.cgroup.End(); err != nil {
		r.config.Logger.Warn("a cgroup is left behind: the system does not let it be removed yet", "error", err)
		return // the keeper will try again
	}
	r.config.Keeper.RemoveCgroup(r.cgroup.Dir())
}
