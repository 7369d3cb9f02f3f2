package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a rules file.
type Problem struct {
	Line, Column int // from 1; 0 where the whole file is meant
	Text         string
}

// Error implements error.
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Text)
}

// Problems are all that is wrong in a rules file, in the order of the file.
type Problems []Problem

// Error implements error.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted returns the problems in the order of the file, each once.
func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(p)
}

// nearest returns the known word that text is most likely a slip of, or "".
func nearest(text string, known []string) string {
	best, least := "", 1+max(1, 2*len(text)/5)
	for _, word := range known {
		if d := distance(strings.ToLower(text), word); d < least {
			best, least = word, d
		}
	}
	return best
}

// distance counts the letters to add, drop or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// instead says what could have been meant.
func instead(text string, known []string) string {
	if word := nearest(text, known); word != "" {
		return fmt.Sprintf("did you mean %s?", word)
	}
	return "want one of " + strings.Join(known, ", ")
}
