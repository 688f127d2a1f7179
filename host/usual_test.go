package host

import (
	"reflect"
	"testing"
)

// TestUsual: a Spec that asks for anything that is in its terms gets terms of its own,
// whatever is added to Spec.
func TestUsual(t *testing.T) {
	apart := map[string]bool{"ID": true, "Kind": true, "Config": true, "Mode": true, "Needs": true, "Group": true}
	for i := range reflect.TypeFor[Spec]().NumField() {
		var s Spec
		name := reflect.TypeFor[Spec]().Field(i).Name
		if field := reflect.ValueOf(&s).Elem().Field(i); !apart[name] {
			eachSet(field, func(at string) {
				if s.isUsual() {
					t.Errorf("a Spec with %s%s set is as usual", name, at)
				}
			})
		}
	}
	if !new(Spec).isUsual() {
		t.Error("the zero Spec is not as usual")
	}
}

// eachSet sets one field within v after the other to something, and calls f for each.
func eachSet(v reflect.Value, f func(at string)) {
	if v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			eachSet(v.Field(i), func(at string) { f("." + v.Type().Field(i).Name + at) })
		}
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.Zero(v.Type().Key()), reflect.Zero(v.Type().Elem()))
	case reflect.String:
		v.SetString("x")
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1)
	default:
		v.SetInt(1)
	}
	f("")
	v.SetZero()
}
