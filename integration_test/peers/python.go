package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed python.py
var pythonScript []byte

// python is a side that does work with so many tasks, each so many times, in Python.
// The script measures: the interpreter's start does not count.
func python(name, work string, tasks int, times ...int) side {
	repeat := 1
	for _, n := range times {
		repeat = n
	}
	return side{
		name: name, missing: missingPython,
		run: func(ctx context.Context) ([]float64, error) { return runPython(ctx, work, tasks, repeat) },
	}
}

// missingPython says what it would take: asyncio.TaskGroup came with 3.11.
func missingPython() string {
	if exec.Command("python3", "-c", "import asyncio; asyncio.TaskGroup").Run() != nil {
		return "python3, 3.11 or newer, on PATH"
	}
	return ""
}

// runPython keeps the script in a file, which processes of a pool may have to import.
func runPython(ctx context.Context, work string, tasks, times int) ([]float64, error) {
	dir, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	script := filepath.Join(dir, "peers.py")
	if err := os.WriteFile(script, pythonScript, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "python3", script, work, strconv.Itoa(tasks), strconv.Itoa(times))
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("python3 %s: %w", work, err)
	}
	took, err := strconv.ParseFloat(strings.TrimSpace(string(printed)), 64)
	if err != nil {
		return nil, fmt.Errorf("python3 %s: printed no seconds: %w", work, err)
	}
	return []float64{took}, nil
}
