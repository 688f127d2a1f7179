package main

import (
	"errors"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	one := func(values ...float64) sample { return sample{values: [][]float64{values}} }
	var table table
	table.add(result{
		workload: workload{
			title: "speed",
			quantities: []quantity{{unit: seconds, targets: []target{
				{against: "slow", atMost: 0.5}, {against: "fast", atMost: 1.5, wall: "The wall is the wall."}, {against: "absent", atMost: 1},
			}}},
			sides: []side{{name: "ours"}, {name: "slow"}, {name: "fast", limit: true}, {name: "absent"}, {name: "bad"}},
		},
		sides: []sample{one(2, 2, 3), one(8, 8, 8), one(1, 1, 1), {missing: "a moon"}, {err: errors.New("it broke")}},
	})
	table.add(result{
		workload: workload{
			title: "parked",
			quantities: []quantity{
				{name: "each", unit: bytes, targets: []target{{atMost: 3500}}},
				{name: "rate", unit: perSecond, targets: []target{{against: "bare", atLeast: 0.8}}},
			},
			sides: []side{{name: "ours"}, {name: "bare"}},
		},
		sides: []sample{{values: [][]float64{{3100, 2900, 3000}, {900, 900, 900}}}, {values: [][]float64{{2000, 2000, 2000}, {1000, 1000, 1000}}}},
	})
	table.add(result{workload: workload{title: "elsewhere"}, missing: "Linux"})
	table.add(result{workload: workload{title: "broken"}, err: errors.New("no plugin")})
	want := `
| workload     | ours                           | peer                 | limit       | ours / theirs       | target    | met          |
|--------------|--------------------------------|----------------------|-------------|---------------------|-----------|--------------|
| speed        | ours 2.00 s                    | slow 8.00 s          |             | 0.250 (0.250–0.375) | ≤ 0.5     | yes          |
|              |                                |                      | fast 1.00 s | 2.00 (2.00–3.00)    | ≤ 1.5     | no           |
|              |                                | absent: needs a moon |             |                     | ≤ 1       | not measured |
|              |                                | bad: failed          |             |                     |           |              |
| parked: each | ours 3.00 kB (2.90 kB–3.10 kB) |                      |             |                     | ≤ 3.50 kB | yes          |
|              |                                | bare 2.00 kB         |             | 1.50 (1.45–1.55)    |           |              |
| parked: rate | ours 900 /s                    | bare 1.00 k/s        |             | 0.900 (0.900–0.900) | ≥ 0.8     | yes          |
| elsewhere    | needs Linux                    |                      |             |                     |           | not measured |
| broken       | failed                         |                      |             |                     |           | not measured |

- The wall is the wall.
- speed, bad: it broke
- broken: no plugin
`
	var out strings.Builder
	table.write(&out)
	if got := "\n" + out.String(); got != want {
		t.Errorf("got%s\nwant%s", got, want)
	}
}
