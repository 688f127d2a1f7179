package main

// inPlugins are the workloads of process mode. All sides start the same program, but for
// the workloads that say so.
func inPlugins(p *program) []workload {
	return []workload{
		p.in(processLaunch(p)), processSelf(), processShipped(), p.in(processLaunchMany(p)),
		p.in(processProgressOne(p)), p.in(processProgressMany(p)), p.in(processDelay(p)),
		p.in(processLog(p)), p.in(processLogStream(p)), p.in(processCheckpoint(p)),
		p.in(processSibling(p)), p.in(processResult(p)), p.in(processStop(p)), p.in(processCost(p)),
		p.in(processWarm(p)), p.in(processShared(p)),
	}
}
