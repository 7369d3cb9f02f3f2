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

// String says where it is and what it is.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Text)
}

// Error is all that is wrong in a rules file.
type Error struct {
	// Problems are in the order of the file.
	Problems []Problem
}

// Error implements error: one line for each problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// inOrder returns the problems in the order of the file, each once.
func inOrder(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(problems)
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
