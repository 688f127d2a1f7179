package jobfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxSize  = 1 << 20 // bytes of a job file
	maxDepth = 100     // levels of nesting in it
)

// parse reads a YAML text of one document. The node is nil if there is nothing
// in it, or if it could not be read at all: then there is a problem.
func parse(text []byte) (*node, Problems) {
	text, problems := clean(text)
	if problems != nil {
		return nil, problems
	}
	body, problems := syntaxTree(string(text))
	if body == nil {
		return nil, problems
	}
	b := builder{anchors: map[string]*node{}, problems: problems}
	root := b.node(body, Position{1, 1})
	return root, b.problems
}

// clean removes a byte order mark and carriage returns at the ends of lines, and
// refuses what is no text.
func clean(text []byte) ([]byte, Problems) {
	if len(text) > maxSize {
		return nil, Problems{{Message: fmt.Sprintf("the file is larger than %d KiB: is it a job file?", maxSize>>10)}}
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	at := Position{1, 1}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return nil, Problems{{Position: at, Message: fmt.Sprintf("byte 0x%02x is not valid UTF-8: save the file as UTF-8", text[i])}}
		case r < ' ' && r != '\n' && r != '\t' || r == 0x7f:
			return nil, Problems{{Position: at, Message: fmt.Sprintf("control character %q is not allowed in YAML", r)}}
		case r == '\n':
			at = Position{at.Line + 1, 0}
		}
		at.Column++
		i += size
	}
	return text, nil
}

// syntaxTree is the text's one document, or nil if it is empty.
func syntaxTree(text string) (body ast.Node, problems Problems) {
	defer func() { // the parser is not ours, and the text may be anything
		if v := recover(); v != nil {
			body, problems = nil, Problems{{Position: Position{1, 1}, Message: fmt.Sprintf("cannot be read as YAML: %v", v)}}
		}
	}()
	tokens := lexer.Tokenize(text)
	if at, deep := tooDeep(tokens); deep {
		return nil, Problems{{Position: at, Message: fmt.Sprintf("nested deeper than %d levels", maxDepth)}}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, Problems{syntaxProblem(err, text)}
	}
	straighten(tokens)
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if body != nil {
			problems.add(start(doc.Body), "a second document begins here: a job file is one document")
			return body, problems
		}
		body = doc.Body
	}
	return body, nil
}

// tooDeep finds nesting that the parser would take very long for.
func tooDeep(tokens token.Tokens) (Position, bool) {
	flow, line, onLine := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, onLine = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			onLine++
		}
		if flow > maxDepth || onLine > maxDepth && flow == 0 || t.Position.IndentNum > 8*maxDepth {
			return place(t), true
		}
	}
	return Position{}, false
}

// straighten corrects the columns after a tag: the scanner does not count the
// space behind it. The parser needs the columns as the scanner gave them.
func straighten(tokens token.Tokens) {
	line, missed := 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, missed = t.Position.Line, 0
		}
		t.Position.Column += missed
		if t.Type == token.TagType && strings.HasSuffix(t.Origin, " ") {
			missed++
		}
	}
}

// syntaxProblem puts the parser's error into one line.
func syntaxProblem(err error, text string) Problem {
	p := Problem{Position: Position{1, 1}, Message: strings.ReplaceAll(err.Error(), "\n", " ")}
	if e, ok := err.(interface {
		GetToken() *token.Token
		GetMessage() string
	}); ok {
		p.Message = strings.ReplaceAll(e.GetMessage(), "\t", `\t`)
		if t := e.GetToken(); t != nil {
			p.Position = place(t)
		}
	}
	lines := strings.Split(text, "\n")
	if p.Line <= len(lines) {
		line := lines[p.Line-1]
		if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") {
			p.Column = strings.Index(indent, "\t") + 1
			p.Message = "a tab cannot indent YAML: use spaces"
		}
	}
	p.Message = "YAML syntax: " + p.Message
	return p
}

func place(t *token.Token) Position {
	return Position{max(1, t.Position.Line), max(1, t.Position.Column)}
}

// start is where a node begins. The parser's own position of a mapping is that of
// its first colon.
func start(n ast.Node) Position {
	switch x := n.(type) {
	case *ast.MappingNode:
		if !x.IsFlowStyle && len(x.Values) > 0 {
			return start(x.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return start(x.Key)
	}
	return place(n.GetToken())
}
