package source

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// list is what go list says of packages, as JSON.
func list(t *testing.T, packages ...listed) []byte {
	t.Helper()
	var all []byte
	for _, p := range packages {
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, raw...), '\n')
	}
	return all
}

// wantChanges checks which changes are those of the set; a "/" at the end stands for
// an entry that was made or removed.
func wantChanges(t *testing.T, s Set, want bool, paths ...string) {
	t.Helper()
	for _, path := range paths {
		entry := strings.HasSuffix(path, "/")
		if got := s.Has(Change{Path: filepath.FromSlash(strings.TrimSuffix(path, "/")), Entry: entry}); got != want {
			t.Errorf("a change of %s is one: %v", path, got)
		}
	}
}

func TestGo(t *testing.T) {
	root := filepath.FromSlash("/work/job")
	at := filepath.FromSlash
	main := &module{Main: true, Dir: root, GoMod: at("/work/job/go.mod")}
	replaced := &module{Version: "v0.0.0", Dir: at("/work/lib"), GoMod: at("/work/lib/go.mod"), Replace: &module{Dir: at("/work/lib")}}
	s, err := Go(list(t,
		listed{Dir: at("/go/src/fmt")},
		listed{Dir: at("/mod/x@v1.0.0"), Module: &module{Version: "v1.0.0", Dir: at("/mod/x@v1.0.0"), GoMod: at("/mod/x.mod")}},
		listed{Dir: at("/mod/y@v2.0.0"), Module: &module{Version: "v1.0.0", Replace: &module{Version: "v2.0.0"}}},
		listed{Dir: at("/work/lib/inner/deep"), Module: replaced},
		listed{}, // is not there
		listed{
			Dir: at("/work/job/hello"), Module: main, EmbedPatterns: []string{"*.tmpl", "all:static"},
			EmbedFiles: []string{"a.tmpl", "static/.hidden", "static/css/x.css"},
		},
	), at("/work/go.work"))
	if err != nil {
		t.Fatal(err)
	}
	wantChanges(t, s, true, "/work/job/hello/main.go", "/work/job/hello/new.go/", "/work/job/hello/x.s", "/work/job/go.mod",
		"/work/job/go.sum", "/work/go.work", "/work/go.work.sum", "/work/lib/go.mod", "/work/lib/inner/deep/x.go",
		"/work/job/hello/a.tmpl", "/work/job/hello/b.tmpl/", "/work/job/hello/static/.hidden", "/work/job/hello/static/css/new.css/",
		"/work/job/hello/", "/work/lib/inner/", "/work/lib/inner/deep/")
	wantChanges(t, s, false, "/go/src/fmt/print.go", "/mod/x@v1.0.0/x.go", "/mod/y@v2.0.0/y.go", "/work/job/hello/main_test.go",
		"/work/job/hello/.main.go.swp", "/work/job/hello/.#main.go/", "/work/job/hello/main.go~", "/work/job/hello/4913/",
		"/work/job/hello/x.txt", "/work/lib/inner/x.go", "/work/job/main.go", "/work/lib/inner", "/work/", "/work/job/hello/static/css/x.css~")
	if !s.Has(Change{}) {
		t.Error("changes that were lost are not its own")
	}
	var dirs []string
	for _, dir := range s.Dirs() {
		dirs = append(dirs, filepath.ToSlash(dir))
	}
	if want := []string{
		"/work", "/work/job", "/work/job/hello", "/work/job/hello/static", "/work/job/hello/static/css",
		"/work/lib", "/work/lib/inner", "/work/lib/inner/deep",
	}; !slices.Equal(dirs, want) {
		t.Errorf("it watches %q", dirs)
	}
	if _, err := Go([]byte("{"), ""); err == nil || !strings.Contains(err.Error(), "go list") {
		t.Errorf("of garbage: %v", err)
	}
	if s, err := Go(nil, "off"); err != nil || len(s.Dirs()) > 0 {
		t.Errorf("of nothing: %v, %v", s.Dirs(), err)
	}
}

// write writes files below a folder; one whose name ends in "/" is a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestExecutable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a symbolic link needs rights on Windows that a user may not have")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{
		"code/hostelry-x": "#!/usr/bin/python3\n", "code/lib/x.py": "", "code/node_modules/m/m.js": "", "code/__pycache__/x.py": "",
		"plugins/hostelry-binary": "\x7fELF", "plugins/x.py": "",
	})
	link := filepath.Join(dir, "plugins", "hostelry-x")
	if err := os.Symlink(filepath.Join(dir, "code", "hostelry-x"), link); err != nil {
		t.Fatal(err)
	}
	s, isScript := Executable(link)
	code := filepath.ToSlash(dir) + "/code/"
	wantChanges(t, s, true, filepath.ToSlash(link), code+"hostelry-x", code+"main.py", code+"lib/x.py", code+"lib/new.mjs/", code+"lib/")
	wantChanges(t, s, false, code+"output.json", code+"x.pyc", code+".x.py.swp", code+"node_modules/m/m.js", code+"__pycache__/x.py",
		code+"__pycache__/", filepath.ToSlash(dir)+"/plugins/x.py")
	if !isScript {
		t.Error("it is no script")
	}

	binary := filepath.Join(dir, "plugins", "hostelry-binary")
	s, isScript = Executable(binary)
	wantChanges(t, s, true, filepath.ToSlash(binary)+"/")
	wantChanges(t, s, false, filepath.ToSlash(link), filepath.ToSlash(dir)+"/plugins/x.py")
	if isScript || !slices.Equal(s.Dirs(), []string{filepath.Dir(binary)}) {
		t.Errorf("a script: %v; it watches %q", isScript, s.Dirs())
	}
	missing := filepath.Join(dir, "plugins", "hostelry-missing")
	s, isScript = Executable(missing)
	if isScript || !s.Has(Change{Path: missing, Entry: true}) {
		t.Error("a file that is not there may come")
	}
}
