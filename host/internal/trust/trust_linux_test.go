package trust_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host/internal/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// checked opens what is at path and checks it both ways.
func checked(t *testing.T, path string) (err, private error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return trust.Check(f), trust.CheckPrivate(f)
}

// want is part of an error, or "" for none.
func want(t *testing.T, name string, err error, part string) {
	t.Helper()
	if (err == nil) != (part == "") || err != nil && !strings.Contains(err.Error(), part) {
		t.Errorf("%s: %v; want %q", name, err, part)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const all = "everybody can write it"
	for mode, wants := range map[os.FileMode][2]string{
		0o700: {}, 0o755: {}, 0o757: {all, all}, 0o777: {all, all}, 0o702 | os.ModeSticky: {"", all}, 0o777 | os.ModeSticky: {"", all},
	} {
		if err := os.Chmod(dir, mode|0o400); err != nil {
			t.Fatal(err)
		}
		err, private := checked(t, dir)
		want(t, mode.String(), err, wants[0])
		want(t, mode.String()+", private", private, wants[1])
	}
}

func TestGroups(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files to other groups")
	}
	path := filepath.Join(t.TempDir(), "f")
	for group, part := range map[int]string{0: "", 100: "group 100 can write it"} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, 0, group); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o670); err != nil {
			t.Fatal(err)
		}
		err, private := checked(t, path)
		want(t, path, err, part)
		want(t, path, private, part)
	}
}

// What an access list gives is in none of the mode's classes but the group's, where it
// looks like the right of the file's own group.
func TestAccessLists(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for rights, part := range map[uint16]string{4: "", 6: "access list lets others write it"} {
		const owner, named, group, mask, others, nobody = 1, 2, 4, 16, 32, 65534
		list := binary.LittleEndian.AppendUint32(nil, 2)
		for _, e := range [][2]uint16{{owner, 7}, {named, rights}, {group, 4}, {mask, rights}, {others, 4}} {
			list = binary.LittleEndian.AppendUint16(list, e[0])
			list = binary.LittleEndian.AppendUint16(list, e[1])
			id := uint32(0xffffffff)
			if e[0] == named {
				id = nobody
			}
			list = binary.LittleEndian.AppendUint32(list, id)
		}
		if err := unix.Setxattr(path, "system.posix_acl_access", list, 0); err == unix.ENOTSUP {
			t.Skip("the file system has no access lists")
		} else if err != nil {
			t.Fatal(err)
		}
		err, private := checked(t, path)
		want(t, "access list", err, part)
		want(t, "access list, private", private, part)
	}
}
