package jobfile

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/hostelry-run/hostelry/host/schema"
)

// node is a value of a YAML text with its place in it.
type node struct {
	at     Position
	scalar any // nil, bool, string or json.Number, of a node that is neither of:
	fields []field
	index  map[string]int // of fields, by key
	items  []*node
	form   form

	refused bool // it stands for something that is a problem already
}

type form int

const (
	scalar form = iota
	object
	list
)

// field is a key of an object and its value.
type field struct {
	key   string
	at    Position
	value *node
}

// get is the value of a key, or nil. It is nil for a nil node too.
func (n *node) get(key string) *node {
	if f := n.field(key); f != nil {
		return f.value
	}
	return nil
}

func (n *node) field(key string) *field {
	if n == nil {
		return nil
	}
	if i, ok := n.index[key]; ok {
		return &n.fields[i]
	}
	return nil
}

// put adds a field that is not there yet.
func (n *node) put(f field) {
	if n.index == nil {
		n.index = map[string]int{}
	}
	n.index[f.key] = len(n.fields)
	n.fields = append(n.fields, f)
}

// text is the string that the node is, or "".
func (n *node) text() string {
	if n == nil {
		return ""
	}
	s, _ := n.scalar.(string)
	return s
}

// value is the node as encoding/json would decode it, with json.Number.
func (n *node) value() any {
	switch n.form {
	case object:
		m := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			m[f.key] = f.value.value()
		}
		return m
	case list:
		l := make([]any, len(n.items))
		for i, item := range n.items {
			l[i] = item.value()
		}
		return l
	}
	return n.scalar
}

// clone is a copy that shares nothing with n.
func (n *node) clone() *node {
	c := &node{at: n.at, scalar: n.scalar, form: n.form, refused: n.refused}
	for _, f := range n.fields {
		c.put(field{key: f.key, at: f.at, value: f.value.clone()})
	}
	for _, item := range n.items {
		c.items = append(c.items, item.clone())
	}
	return c
}

// size counts the values in the node, itself included.
func (n *node) size() int {
	sum := 1
	for _, f := range n.fields {
		sum += f.value.size()
	}
	for _, item := range n.items {
		sum += item.size()
	}
	return sum
}

// json is the node as JSON, its numbers digit for digit.
func (n *node) json() json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(n.value()); err != nil {
		panic("jobfile: a tree of plain values does not encode: " + err.Error())
	}
	return bytes.TrimSpace(b.Bytes())
}

// find follows a path as far as it leads. With key, the place is that of the
// last key, begun with that of n's own, and not that of the value behind it.
func (n *node) find(keyOfN Position, path []string, key bool) (*node, Position) {
	keyAt := keyOfN
	for _, step := range path {
		if f := n.field(step); f != nil {
			n, keyAt = f.value, f.at
			continue
		}
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(n.items) {
			break
		}
		n = n.items[i]
		keyAt = n.at
	}
	if key {
		return n, keyAt
	}
	return n, n.at
}

// addAll adds problems that a schema found in n, at their places. What stands in
// for a value that was refused has had its problem.
func (all *Problems) addAll(n *node, keyOfN Position, found []schema.Problem) {
	for _, p := range found {
		if culprit, at := n.find(keyOfN, p.Path, p.Key); !culprit.refused {
			all.add(at, "%s", p.Message)
		}
	}
}
