package scaffold_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/scaffold"
)

func ExampleWrite() {
	dir, err := os.MkdirTemp("", "hello-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	files, err := scaffold.Write(filepath.Join(dir, "hello"), "node", scaffold.Plugin{Name: "hello"})
	for _, file := range files {
		fmt.Println(filepath.ToSlash(file))
	}
	fmt.Println(err)
	// Output:
	// .gitignore
	// README.md
	// hostelry/attempt.mjs
	// hostelry/host.mjs
	// hostelry/index.mjs
	// hostelry/log.mjs
	// hostelry/plugin.mjs
	// hostelry/task.proto
	// hostelry-hello
	// job.yaml
	// package.json
	// task.mjs
	// task.test.mjs
	// <nil>
}
