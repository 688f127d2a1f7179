package chaos

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
	rawplugin "github.com/hostelry-run/hostelry/integration_test/internal/raw"
)

const (
	socketKey = "CHAOS_SOCKET" // where a stranger knocks
	userKey   = "CHAOS_USER"   // "nobody" for another user
)

// stranger connects to a plugin's socket, calls, and prints what came of it.
func stranger() {
	if os.Getenv(userKey) == "nobody" {
		becomeNobody()
	}
	socket := os.Getenv(socketKey)
	probe, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Println("no entry:", err)
		return
	}
	probe.Close()
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawplugin.BytesCodec{})))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var request, response []byte
	err = conn.Invoke(ctx, "/hostelry.v1.TaskService/Describe", &request, &response)
	fmt.Printf("answered: %t, %v\n", err == nil, err)
}

// TestStrangersAreRefused knocks at the door of a plugin that runs.
func TestStrangersAreRefused(t *testing.T) {
	for _, visit := range []struct {
		name, user string
		open       bool // the doors that the system itself keeps shut
		want       string
	}{
		{name: "same user", want: "answered: false"},
		{name: "another user", user: "nobody", want: "permission denied"},
		{name: "another user, doors open", user: "nobody", open: true, want: "answered: false"},
	} {
		t.Run(visit.name, func(t *testing.T) {
			if visit.user != "" && os.Geteuid() != 0 {
				t.Skip("only root can become another user")
			}
			s := newStage(t)
			knock := row{name: "is busy", stop: true, want: stops().logs("hung up on a stranger")}
			if visit.want == "permission denied" {
				knock.want.log = "" // the plugin did not see it
			}
			knock.beside = func(t *testing.T, c *company, _ *observe.Events) {
				<-c.quick.Done() // and its socket is gone
				sockets, _ := filepath.Glob(filepath.Join(os.TempDir(), "hostelry-*", "*", "*.sock"))
				if len(sockets) == 0 {
					t.Error("no plugin listens")
				}
				for _, socket := range sockets {
					if visit.open {
						os.Chmod(filepath.Dir(filepath.Dir(socket)), 0o755)
						os.Chmod(filepath.Dir(socket), 0o755)
						os.Chmod(socket, 0o777)
					}
					cmd := exec.Command("/proc/self/exe")
					cmd.Env = append(os.Environ(), roleKey+"=stranger", socketKey+"="+socket, userKey+"="+visit.user)
					out, err := cmd.CombinedOutput()
					if err != nil || !strings.Contains(string(out), visit.want) {
						t.Errorf("%s: %v; want %q", out, err, visit.want)
					}
				}
			}
			act(t, s, knock)
		})
	}
}
