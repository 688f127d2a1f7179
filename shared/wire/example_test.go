package wire_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// A plugin serves a kind, and a host runs a task of it; here over a connection in
// memory, otherwise over a socket.
func Example() {
	double := task.NewKind("double", func(c struct{ N int }) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return 2 * c.N, nil }), nil
	})
	plugin := wire.NewServer(wire.Description{Name: "math", Version: "0.1.0"}, []task.Kind{double}, slog.Default())
	server, listener := grpc.NewServer(), bufconn.Listen(1<<10)
	plugin.Register(server)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends with server.Stop
	defer serving.Wait()
	defer server.Stop()

	conn, err := grpc.NewClient("passthrough:///math",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	ctx := context.Background()
	remote, err := wire.NewClient(conn).Start(ctx, "run-1", "double", []byte(`{"N": 21}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := remote.Run(ctx)
	fmt.Printf("%s %v\n", result, err)

	_, err = wire.NewClient(conn).Start(ctx, "run-1", "triple", nil)
	fmt.Println(err)
	// Output:
	// 42 <nil>
	// unknown kind: plugin "math" does not offer "triple"
}
