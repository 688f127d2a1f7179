package pluginproc

import (
	"strings"
	"testing"
)

func TestLastWords(t *testing.T) {
	for name, row := range map[string]struct{ stderr, want string }{
		"nothing":                                {"", ""},
		"blank lines":                            {"\n \n\t\n", ""},
		"the last":                               {"one\n two \n\n \n", "two"},
		"Python":                                 {"Traceback (most recent call last):\n    import x\n    ^^^^^^^^\nModuleNotFoundError: No module named 'x'\n", "ModuleNotFoundError: No module named 'x'"},
		"Go":                                     {"starting\npanic: boom\n\ngoroutine 1 [running]:\nmain.main()\n", "panic: boom"},
		"a crash long after one that was caught": {"panic: caught\n" + strings.Repeat("work\n", 50) + "fatal error: all goroutines are asleep\nstack\n", "fatal error: all goroutines are asleep"},
		"a long stack":                           {"panic: deep\n" + strings.Repeat("main.f()\n", 50), "panic: deep"},
		"Node": {"/p.js:2\nconst x = ;\n          ^\n\nSyntaxError: Unexpected token ';'\n    at wrapSafe (x)\n\nNode.js v20.20.2\n",
			"SyntaxError: Unexpected token ';'"},
		"Node, with what belongs to the error": {"/p.js:2\n  throw err;\n  ^\n\nError: Cannot find module 'x'\nRequire stack:\n- /p.js\n    at f (x) {\n  code: 'MODULE_NOT_FOUND'\n}\n\nNode.js v20.20.2\n",
			"Error: Cannot find module 'x'"},
		"Node, a text that was thrown":         {"/p.js:1\nthrow \"out\"\n^\nout\n(Use `node --trace-uncaught ...` to show where the exception was thrown)\n\nNode.js v20.20.2\n", "out"},
		"Node, of which the beginning is lost": {strings.Repeat("    at f (x)\n", 30) + "\nNode.js v20.20.2\n", "Node.js v20.20.2"},
		"nothing thrown":                       {"^\nNode.js v20.20.2\n", "Node.js v20.20.2"},
	} {
		kept := &tail{}
		for l := range strings.Lines(row.stderr) {
			kept.add(strings.TrimSuffix(l, "\n"))
		}
		if got := LastWords(kept.lines()); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}
