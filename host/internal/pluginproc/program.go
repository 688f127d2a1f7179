package pluginproc

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// program is a file that should be one, as the system sees it.
type program struct {
	path string
	head []byte // its beginning
}

// maxHead is how much of a file is looked at: Linux reads no more of a script's first line.
const maxHead = 256

// explainStart says why the system did not start file, of which copied is what was to be
// started, and what to do. The system's own words come first, without the copy's path.
func explainStart(file, copied string, err error) error {
	at, ok := errors.AsType[*fs.PathError](err)
	if !ok || at.Op != "fork/exec" || errors.Is(err, syscall.E2BIG) { // it did not come to that, or tellSize has explained it
		return err
	}
	p, openErr := openProgram(copied)
	switch {
	case errors.Is(openErr, fs.ErrNotExist):
		return fmt.Errorf("%w: the file is missing", at.Err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; %s", at.Err, p.forbidden(file))
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%w: not a program for this system: %s", at.Err, p.format())
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s", at.Err, p.lacking())
	case errors.Is(err, syscall.ETXTBSY):
		return fmt.Errorf("%w: something still has it open for writing", at.Err)
	default:
		return fmt.Errorf("it cannot be started: %w", at.Err)
	}
}

// openProgram reads the beginning of a file. What cannot be read has none.
func openProgram(path string) (*program, error) {
	p := &program{path: path}
	f, err := os.Open(path)
	if err != nil {
		return p, err
	}
	defer f.Close()
	p.head, err = io.ReadAll(io.LimitReader(f, maxHead))
	return p, err
}

// forbidden says why it may not be executed.
func (p *program) forbidden(file string) string {
	if info, err := os.Stat(p.path); err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return "make it executable: chmod +x " + file
	}
	if interpreter, ok := p.interpreter(); ok {
		if info, err := os.Stat(interpreter); err == nil && info.IsDir() {
			return fmt.Sprintf("its first line names a directory as its interpreter, %q: name a program", interpreter)
		}
		return fmt.Sprintf("its interpreter %q may not be executed: name another in its first line", interpreter)
	}
	return fmt.Sprintf("the file system of %s lets nothing be executed (noexec), most likely: "+
		"have TMPDIR or XDG_CACHE_HOME, below which it lies, name a directory elsewhere", filepath.Dir(p.path))
}

// lacking says what is missing that it needs.
func (p *program) lacking() string {
	if interpreter, ok := p.interpreter(); ok && isMissing(interpreter) {
		switch {
		case strings.HasSuffix(interpreter, "\r"):
			return fmt.Sprintf("the interpreter %q: its lines end as on Windows; save it with the line ends of Unix", interpreter)
		case !filepath.IsAbs(interpreter):
			return fmt.Sprintf("the interpreter %q: give its whole path in the first line, or /usr/bin/env and its name", interpreter)
		default:
			return fmt.Sprintf("the interpreter %q is missing: install it, or name another in the first line", interpreter)
		}
	}
	if loader := p.loader(); loader != "" && isMissing(loader) {
		return fmt.Sprintf("the loader %q is missing: it was built for another system; build it for this one, or statically", loader)
	}
	return "it, or what starts it, is missing"
}

func isMissing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// interpreter is what a script's first line names.
func (p *program) interpreter() (string, bool) {
	line, ok := bytes.CutPrefix(p.head, []byte("#!"))
	if !ok {
		return "", false
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	name, _, _ := strings.Cut(strings.Trim(string(line), " \t"), " ")
	return name, name != ""
}

// loader is what starts a program that is not linked statically.
func (p *program) loader() string {
	f, err := elf.Open(p.path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, part := range f.Progs {
		if part.Type == elf.PT_INTERP {
			name, _ := io.ReadAll(io.LimitReader(part.Open(), maxHead))
			return string(bytes.TrimRight(name, "\x00"))
		}
	}
	return ""
}

// format says what it is instead of a program for this system, and what to do.
func (p *program) format() string {
	const rebuild = "build it for " + runtime.GOOS + "/" + runtime.GOARCH
	has := func(prefixes ...string) bool {
		for _, prefix := range prefixes {
			if bytes.HasPrefix(p.head, []byte(prefix)) {
				return true
			}
		}
		return false
	}
	switch {
	case len(p.head) == 0:
		return "it is empty"
	case p.isCutShort():
		return "it is damaged or cut short; build or copy it again"
	case has("\x7fELF"):
		return "it is built for " + p.machine() + "; " + rebuild
	case has("MZ"):
		return "it is built for Windows; " + rebuild
	case has("\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe"):
		return "it is built for macOS; " + rebuild
	case has("\xef\xbb\xbf#!", "\xff\xfe", "\xfe\xff"):
		return "a byte order mark stands before its first line; save it as UTF-8 without one"
	case has("#!"):
		return `its first line names no interpreter; let it be such as "#!/usr/bin/env python3"`
	case bytes.IndexByte(p.head, 0) < 0:
		return `it is a text without an interpreter; let a script begin with a line such as "#!/usr/bin/env python3"`
	default:
		return rebuild
	}
}

// machine is what an ELF file is built for.
func (p *program) machine() string {
	f, err := elf.Open(p.path)
	if err != nil {
		return "another system"
	}
	defer f.Close()
	if f.Type == elf.ET_REL {
		return "a linker: it is an object file"
	}
	return strings.TrimPrefix(f.Machine.String(), "EM_") // such as AARCH64
}

// isCutShort reports whether it is a part of an ELF file.
func (p *program) isCutShort() bool {
	f, err := os.Open(p.path)
	if err != nil {
		return false
	}
	defer f.Close()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := io.ReadFull(f, magic); err != nil || string(magic) != elf.ELFMAG {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	parsed, err := elf.NewFile(f)
	if err != nil {
		return true
	}
	for _, part := range parsed.Progs {
		if part.Off+part.Filesz > uint64(info.Size()) {
			return true
		}
	}
	return false
}
