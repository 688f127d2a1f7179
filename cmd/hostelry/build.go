package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// build compiles the job's packages into its plugin directory, side by side. The
// working directory is the job's. The error is jobfile.Problems, one for each
// package that does not build.
func build(ctx context.Context, job *jobfile.Job, v notifier) error {
	if len(job.Build) == 0 || job.Plugins.Name == "" {
		return nil
	}
	if _, err := exec.LookPath("go"); err != nil {
		return jobfile.Problems{job.Problem(job.Build[0], `cannot build plugins: there is no "go" command in PATH: install Go, or remove "build" and put built plugins into "dir"`)}
	}
	if err := os.MkdirAll(job.Plugins.Name, 0o750); err != nil {
		return jobfile.Problems{job.Problem(job.Plugins, err.Error())}
	}
	var packages []string
	for _, p := range job.Build {
		packages = append(packages, p.Name)
	}
	v.Notice("building plugins: " + strings.Join(packages, ", "))

	errs := make([]error, len(job.Build))
	seen := map[string]string{}
	var building sync.WaitGroup
	for i, p := range job.Build {
		file, err := pluginFile(p.Name)
		if other := seen[file]; err == nil && other != "" {
			err = fmt.Errorf("it would be built as %s, and so would %s", file, other)
		}
		if err != nil {
			errs[i] = jobfile.Problems{job.Problem(p, err.Error())}
			continue
		}
		seen[file] = p.Name
		building.Go(func() { // ends with go build
			if err := goBuild(ctx, p.Name, filepath.Join(job.Plugins.Name, file)); err != nil {
				errs[i] = jobfile.Problems{job.Problem(p, err.Error())}
			}
		})
	}
	building.Wait()
	return jobfile.Join(errs...).Err()
}

// pluginFile is the name of the executable of a Go package.
func pluginFile(pkg string) (string, error) {
	path, err := filepath.Abs(pkg)
	if err != nil {
		return "", err
	}
	name := catalog.Prefix + filepath.Base(path)
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name, nil
}

// goBuild compiles one package. The error has the compiler's words.
func goBuild(ctx context.Context, pkg, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	dir, name, err := goDir(pkg)
	if err != nil {
		return err
	}
	_, err = goCommand(ctx, dir, "build", "-o", file, "--", name)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s is not built: %w", pkg, context.Cause(ctx))
	}
	return fmt.Errorf("%s does not build:\n%w", pkg, err)
}

// goDir is where to call the go command about a package, and what to call the package
// there. A folder may be in a module of its own.
func goDir(pkg string) (dir, name string, err error) {
	if !filepath.IsAbs(pkg) && !strings.HasPrefix(pkg, ".") {
		return "", pkg, nil
	}
	if info, err := os.Stat(pkg); err != nil || !info.IsDir() {
		return "", "", fmt.Errorf("%s is no folder: name a Go main package", pkg)
	}
	return pkg, ".", nil
}
