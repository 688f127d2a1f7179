package attach_test

import (
	"context"
	"fmt"

	"github.com/hostelry-run/hostelry/host/internal/attach"
)

func ExampleDial() {
	conn, err := attach.Dial(context.Background(), "localhost:8080")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(conn.Client().Describe(context.Background()))
	// Output: "localhost:8080" is no address: expected unix:/PATH, as the plugin's serve --attach prints it
}
