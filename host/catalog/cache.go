package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// cache keeps descriptions in a directory, a file each, named by the sha256 of
// the plugin's file. The zero cache keeps none.
type cache struct{ dir string }

func defaultCache() cache {
	dir, err := os.UserCacheDir()
	if err != nil {
		return cache{}
	}
	return cache{filepath.Join(dir, "hostelry", "descriptions")}
}

// contentKey also counts the protocol's version: a newer one may tell more.
func contentKey(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("v%d-%s", wire.ProtocolVersion, hex.EncodeToString(h.Sum(nil))), nil
}

func (c cache) get(key string) (d wire.Description, ok bool) {
	if c.dir == "" {
		return d, false
	}
	raw, err := os.ReadFile(c.file(key))
	return d, err == nil && json.Unmarshal(raw, &d) == nil
}

// put writes a file of its own and renames it, so that hosts that start at the
// same moment do not read each other's halves.
func (c cache) put(key string, d wire.Description) {
	raw, err := json.Marshal(d)
	if c.dir == "" || err != nil || os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(c.dir, "new-*")
	if err != nil {
		return
	}
	_, err = f.Write(raw)
	if closeErr := f.Close(); err == nil && closeErr == nil {
		err = os.Rename(f.Name(), c.file(key))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
}

func (c cache) file(key string) string { return filepath.Join(c.dir, key+".json") }
