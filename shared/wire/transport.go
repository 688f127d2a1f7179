package wire

import "google.golang.org/grpc"

const (
	// streamWindow is how many bytes of a task the other side takes that it has not
	// read: with as many on their way out, a task that is not read holds 128 KiB
	// and one message on each side, and waits. A window of gRPC's own finding grows
	// to 16 MiB, and asks for it with a ping beside every message.
	streamWindow = 64 << 10
	// connWindow is the same of all tasks of a connection together, but only until
	// their reader has sorted them: it does not wait for any of them.
	connWindow = 1 << 20
	// workers are the goroutines that serve streams one after another: a new
	// goroutine spends a twentieth of a short task's time on its growing stack.
	workers = 8
)

// ServerOptions are how a plugin speaks gRPC. The SDK gives them to its server.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage),
		grpc.StaticStreamWindowSize(streamWindow), grpc.StaticConnWindowSize(connWindow),
		grpc.NumStreamWorkers(workers),
	}
}

// DialOptions are how a host speaks gRPC. Hosts give them to each connection.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		grpc.WithStaticStreamWindowSize(streamWindow), grpc.WithStaticConnWindowSize(connWindow),
	}
}
