package builtin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/hostelry-run/hostelry/host/builtin"
)

func Example_probe() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	config, _ := json.Marshal(builtin.ProbeConfig{
		TCP:   server.Listener.Addr().String(),
		Count: 1,
	})
	probe, err := builtin.Kinds()[1].New(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := probe.Run(context.Background())
	fmt.Println(result.(builtin.ProbeResult).Last, err)
	// Output: connected <nil>
}

func ExampleKinds() {
	for _, k := range builtin.Kinds() {
		fmt.Println(k.Name())
	}
	// Output:
	// exec
	// probe
}
