package terminal

import "strings"

// Table is rows of clean cells as lines, in columns that are two spaces apart.
// Rows have at most as many cells as the first.
func Table(rows [][]string) []string {
	if len(rows) == 0 {
		return nil
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], Width(cell))
		}
	}
	lines := make([]string, len(rows))
	for r, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(Fit(cell, widths[i]) + "  ")
		}
		lines[r] = strings.TrimRight(line.String(), " ")
	}
	return lines
}
