package jobfile

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// maxNodes bounds what aliases may unfold to.
const maxNodes = 100_000

// builder makes a tree of the parser's nodes and notes every problem on the way.
type builder struct {
	problems Problems
	anchors  map[string]*node // nil while the anchor's own value is being read
	nodes    int
	depth    int
}

// node builds n. nowhere is the place of an empty value: that of its key.
func (b *builder) node(n ast.Node, nowhere Position) *node {
	b.depth++
	defer func() { b.depth-- }()
	if b.depth > maxDepth {
		return b.refuse(nowhere, "nested deeper than %d levels", maxDepth)
	}
	switch x := n.(type) {
	case nil:
		return &node{at: nowhere}
	case *ast.MappingNode:
		return b.object(start(x), x.Values)
	case *ast.MappingValueNode:
		return b.object(start(x), []*ast.MappingValueNode{x})
	case *ast.SequenceNode:
		return b.list(x)
	case *ast.AnchorNode:
		return b.anchor(x, nowhere)
	case *ast.AliasNode:
		return b.alias(x)
	case *ast.TagNode:
		return b.tag(x, nowhere)
	case *ast.LiteralNode:
		return &node{at: start(x), scalar: x.Value.Value}
	case *ast.NullNode:
		if x.Token.Type == token.ImplicitNullType {
			return &node{at: nowhere}
		}
	}
	at := start(n)
	if isQuoted(n.GetToken()) {
		return &node{at: at, scalar: n.GetToken().Value}
	}
	if _, ok := n.(ast.ScalarNode); !ok {
		return b.refuse(at, "%s is not supported here", strings.ToLower(n.Type().String()))
	}
	v, message := plain(n.GetToken().Value)
	if message != "" {
		return b.refuse(at, "%s", message)
	}
	return &node{at: at, scalar: v}
}

// refuse notes a problem and stands in for what is refused.
func (b *builder) refuse(at Position, format string, args ...any) *node {
	b.problems.add(at, format, args...)
	return &node{at: at, refused: true}
}

func (b *builder) list(x *ast.SequenceNode) *node {
	n := &node{at: start(x), form: list}
	for _, item := range x.Values {
		n.items = append(n.items, b.node(item, n.at))
	}
	return n
}

// object builds an object. A key given twice is a problem, and the first counts;
// what is merged into it by "<<" counts last.
func (b *builder) object(at Position, values []*ast.MappingValueNode) *node {
	n := &node{at: at, form: object}
	var merged []*node
	for _, v := range values {
		if v.Key.IsMergeKey() {
			merged = append(merged, b.node(v.Value, start(v.Key)))
			continue
		}
		key, ok := b.key(v.Key)
		if !ok {
			continue
		}
		f := field{key: key, at: start(v.Key)}
		f.value = b.node(v.Value, f.at)
		if first := n.field(key); first != nil {
			b.problems.add(f.at, "%q is given twice: first at line %d", key, first.at.Line)
			continue
		}
		n.put(f)
	}
	for _, m := range merged {
		b.merge(n, m)
	}
	return n
}

// key is the text of a key.
func (b *builder) key(k ast.MapKeyNode) (string, bool) {
	var inner ast.Node = k
	if explicit, ok := k.(*ast.MappingKeyNode); ok {
		inner = explicit.Value
	}
	if anchor, ok := inner.(*ast.AnchorNode); ok {
		inner = anchor.Value
	}
	switch x := inner.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return x.GetToken().Value, true
	case *ast.LiteralNode:
		return x.Value.Value, true
	}
	b.problems.add(start(k), "a key must be plain text")
	return "", false
}

// merge adds the fields of m, an object or a list of objects, that n has not.
func (b *builder) merge(n, m *node) {
	switch m.form {
	case list:
		for _, item := range m.items {
			b.merge(n, item)
		}
	case object:
		for _, f := range m.fields {
			if n.field(f.key) == nil {
				n.put(f)
			}
		}
	default:
		if !m.refused {
			b.problems.add(m.at, "<< merges objects: use an alias of one, such as *name, or a list of aliases")
		}
	}
}

func (b *builder) anchor(x *ast.AnchorNode, nowhere Position) *node {
	name := x.Name.GetToken().Value
	b.anchors[name] = nil
	n := b.node(x.Value, nowhere)
	b.anchors[name] = n
	return n
}

// alias is what the anchor of that name stands for, so far up in the text.
func (b *builder) alias(x *ast.AliasNode) *node {
	name, at := x.Value.GetToken().Value, start(x)
	target, known := b.anchors[name]
	switch {
	case !known:
		return b.refuse(at, "*%s stands for nothing: there is no &%s before it", name, name)
	case target == nil:
		return b.refuse(at, "*%s stands for something that it is itself part of", name)
	}
	if b.nodes > maxNodes { // said already
		return &node{at: at, refused: true}
	}
	if b.nodes += target.size(); b.nodes > maxNodes {
		return b.refuse(at, "the file's aliases unfold to more than %d values", maxNodes)
	}
	unfolded := target.clone()
	unfolded.at = at
	return unfolded
}

func (b *builder) tag(x *ast.TagNode, nowhere Position) *node {
	tag, at := x.Start.Value, start(x)
	switch value := x.Value.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		if tag == "!!map" || tag == "!!seq" {
			return b.node(value, nowhere)
		}
		return b.refuse(at, "the tag %s is not supported: remove it", tag)
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return b.refuse(at, "the tag %s is not supported here: remove it", tag)
	case *ast.LiteralNode:
		return b.scalarOf(at, tag, value.Value.Value, true)
	case nil:
		return b.scalarOf(at, tag, "", false)
	default:
		t := value.GetToken()
		if t.Type == token.ImplicitNullType {
			return b.scalarOf(at, tag, "", false)
		}
		return b.scalarOf(at, tag, t.Value, isQuoted(t))
	}
}

func (b *builder) scalarOf(at Position, tag, text string, quoted bool) *node {
	v, message := tagged(tag, text, quoted)
	if message != "" {
		return b.refuse(at, "%s", message)
	}
	return &node{at: at, scalar: v}
}
