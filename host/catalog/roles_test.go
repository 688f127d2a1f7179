package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// roles are what this binary can be instead of a test; each gets the arguments
// after its name and returns an exit status.
var roles = map[string]func(args []string) int{
	"offering": offering,
	"saying":   saying,
	"mute":     mute,
	"hosting":  hosting,
}

// kind is a kind of tasks that do nothing.
func kind(name string) task.Kind {
	return task.NewKind(name, func(config) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return nil, nil }), nil
	}, task.WithDescription("does nothing"))
}

type config struct {
	Size int    `json:"size"           jsonschema:"minimum=1"`
	Text string `json:"text,omitempty"`
}

// offering is a good plugin with the kinds of the given names.
func offering(names []string) int {
	var kinds []task.Kind
	for _, name := range names {
		kinds = append(kinds, kind(name))
	}
	plugin.Main(plugin.Info{Name: "fake", Version: "1.2.3"}, kinds...)
	return 0
}

// saying is a plugin that says of itself what stands in a file.
func saying(args []string) int {
	var d wire.Description
	raw, err := os.ReadFile(args[0])
	if err == nil {
		err = json.Unmarshal(raw, &d)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return serve(wire.NewServer(d, nil, slog.New(slog.DiscardHandler)).Register)
}

// mute is a plugin that comes up and then answers nothing.
func mute([]string) int {
	return serve(func(r grpc.ServiceRegistrar) {
		r.RegisterService(&grpc.ServiceDesc{
			ServiceName: "hostelry.v1.TaskService", HandlerType: (*any)(nil),
			Methods: []grpc.MethodDesc{{MethodName: "Describe", Handler: func(
				_ any, ctx context.Context, _ func(any) error, _ grpc.UnaryServerInterceptor,
			) (any, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}}},
		}, nil)
	})
}

// serve serves until SIGTERM.
func serve(register func(grpc.ServiceRegistrar)) int {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	path := filepath.Join(os.Getenv(wire.SocketDirKey), "socket")
	listener, err := net.Listen("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	server := grpc.NewServer(grpc.MaxSendMsgSize(wire.MaxMessage))
	register(server)
	go func() { _ = server.Serve(listener) }() // ends with this process
	fmt.Println(wire.Handshake{Protocol: wire.ProtocolVersion, Network: "unix", Address: path})
	<-terminated
	return 0
}

// hosting is a host that loads the directory and the store of its arguments, and
// prints its rows.
func hosting(args []string) int {
	var c catalog.Catalog
	if err := c.Load(context.Background(), args[0], catalog.WithCacheDir(args[1])); err != nil {
		fmt.Println(err)
		return 1
	}
	for _, p := range c.Plugins() {
		fmt.Println(row(p))
	}
	return 0
}

// row is a plugin in one line: its name, and its kinds or why it has none.
func row(p catalog.Plugin) string {
	if p.Err != nil {
		return fmt.Sprintf("%s: %v", p.Name, p.Err)
	}
	var names []string
	for _, k := range p.Kinds {
		names = append(names, k.Name)
	}
	return p.Name + " " + p.Version + " " + strings.Join(names, ",")
}
