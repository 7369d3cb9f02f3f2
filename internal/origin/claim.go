package origin

import (
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// none begins the reason of every field that has no value.
const none = "none: "

// claim is what one place says about a field: a value, or the gap it leaves.
type claim struct{ from, value, gap string }

// nothing is the claim of an origin that has no place for the field.
func nothing(gap string) claim { return claim{gap: gap} }

// unless turns the claim into a gap if there is one.
func (c claim) unless(gap string) claim {
	if c.gap == "" && gap != "" {
		return claim{gap: c.from + ": " + gap}
	}
	return c
}

// field is a value with the reason why it is this one.
type field[T any] struct {
	value  T
	reason string
}

// first takes the first claim that parse accepts. The reason tells where that
// stands and why the places before it did not do.
func first[T any](parse func(string) (T, error), claims ...claim) field[T] {
	var gaps []string
	for _, c := range claims {
		if c.gap == "" {
			value, err := parse(c.value)
			if err == nil {
				return field[T]{value, because(c.from, gaps)}
			}
			c = c.unless(err.Error())
		}
		gaps = append(gaps, c.gap)
	}
	var zero T
	return field[T]{zero, none + strings.Join(gaps, "; ")}
}

func because(from string, gaps []string) string {
	if len(gaps) == 0 {
		return from
	}
	return from + " (" + strings.Join(gaps, "; ") + ")"
}

// text accepts any text.
func text(s string) (string, error) { return strings.TrimSpace(s), nil }

// state reads the word that an origin has for the deployment's state. Whatever
// is not understood is no state.
func state(parse func(string) (deploy.State, error), c claim) field[deploy.State] {
	f := first(parse, c)
	if f.value != "" {
		f.reason = fmt.Sprintf("%s %q", c.from, c.value)
	}
	return f
}

// reached is the state where there is no deployment to speak of one: that this
// step runs at all tells that the steps before it went well.
func reached(what string) field[deploy.State] {
	return field[deploy.State]{deploy.Success, "step reached: " + what + " tells no state"}
}
