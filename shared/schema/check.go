package schema

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// check reports why JSON does not decode into t, or why the schema of t, in which
// every type is written out, would have no end. within are the types that t
// stands in.
func check(t reflect.Type, within []reflect.Type) error {
	switch {
	case t == nil:
		return errors.New("there is no type")
	case slices.Contains(within, t):
		return fmt.Errorf("%v contains itself: make the inner one a json.RawMessage, or give it a JSONSchema method", t)
	case ownSchema(t) != nil:
		return nil
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Errorf("JSON does not decode into a %v", t)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("JSON does not decode into the interface %v", t)
		}
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return check(t.Elem(), within)
	case reflect.Map:
		if err := checkKey(t.Key()); err != nil {
			return err
		}
		return check(t.Elem(), within)
	case reflect.Struct:
		return checkFields(t, within)
	default: // a string, a number, a bool
	}
	return nil
}

func checkFields(t reflect.Type, within []reflect.Type) error {
	for f := range t.Fields() {
		if !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" {
			continue
		}
		err := check(f.Type, within)
		if f.Anonymous && !f.IsExported() && f.Type.Kind() != reflect.Struct && err == nil {
			err = errors.New("JSON does not see what is embedded and not exported, but for a struct itself: export it, or give it a name")
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

// checkKey allows the keys that encoding/json does.
func checkKey(t reflect.Type) error {
	switch t.Kind() {
	case reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return nil
	default:
		if !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return fmt.Errorf("JSON does not decode into a map with %v as keys", t)
		}
		return nil
	}
}
