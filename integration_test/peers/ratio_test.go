package main

import "testing"

func TestSpread(t *testing.T) {
	for want, values := range map[string][]float64{
		"2.00 (2.00–2.00)": {2},
		"2.00 (1.00–9.00)": {9, 1, 2},
		"2.50 (1.00–9.00)": {9, 1, 2, 3},
	} {
		if got := newSpread(values).String(); got != want {
			t.Errorf("%v: %s, want %s", values, got, want)
		}
	}
}

// TestRatioIsPaired: a round in which all is ten times slower changes no ratio.
func TestRatioIsPaired(t *testing.T) {
	if got, want := newRatio([]float64{2, 20, 4}, []float64{1, 10, 2}).String(), "2.00 (2.00–2.00)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := newRatio([]float64{1, 20, 4}, []float64{1, 10, 1}).String(), "2.00 (1.00–4.00)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestUnits(t *testing.T) {
	for _, test := range []struct {
		unit  unit
		value float64
		want  string
	}{
		{seconds, 12.34, "12.3 s"},
		{seconds, 0.1234, "123 ms"},
		{seconds, 0.00999, "9.99 ms"},
		{seconds, 12.3e-6, "12.3 µs"},
		{seconds, 1.5e-10, "0.150 ns"},
		{seconds, 0, "0.000 ns"},
		{bytes, 3500, "3.50 kB"},
		{bytes, 16e6, "16.0 MB"},
		{bytes, 12, "12.0 B"},
		{perSecond, 1.25e6, "1.25 M/s"},
		{perSecond, 999, "999 /s"},
		{pieces, 7, "7.00"},
		{pieces, 12345, "12345"},
	} {
		if got := test.unit.format(test.value); got != test.want {
			t.Errorf("%v in %q is %q, want %q", test.value, test.unit, got, test.want)
		}
	}
}
