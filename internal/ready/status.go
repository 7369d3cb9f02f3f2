package ready

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// StatusSet is a set of HTTP statuses. The zero StatusSet holds every 2xx.
type StatusSet struct{ spans []span }

type span struct{ low, high int }

// ParseStatuses reads statuses such as "200, 204", "2xx" or "300-399",
// separated by commas or white space. Every mistake is reported.
func ParseStatuses(text string) (StatusSet, error) {
	var (
		set  StatusSet
		errs []error
	)
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		s, err := parseSpan(word)
		set.spans, errs = append(set.spans, s), append(errs, err)
	}
	if len(set.spans) == 0 {
		errs = append(errs, fmt.Errorf("%q names no status: want statuses such as 200, 2xx or 300-399", text))
	}
	if err := errors.Join(errs...); err != nil {
		return StatusSet{}, err
	}
	return set, nil
}

func parseSpan(word string) (span, error) {
	if class, ok := strings.CutSuffix(strings.ToLower(word), "xx"); ok && len(class) == 1 && class >= "2" && class <= "5" {
		low := int(class[0]-'0') * 100
		return span{low, low + 99}, nil
	}
	from, to, ranged := strings.Cut(word, "-")
	low, lowOK := parseStatus(from)
	high, highOK := low, lowOK
	if ranged {
		high, highOK = parseStatus(to)
	}
	if !lowOK || !highOK || low > high {
		return span{}, fmt.Errorf("%q is no status: want one from 200 to 599, a class such as 2xx, or a range such as 300-399", word)
	}
	return span{low, high}, nil
}

func parseStatus(text string) (int, bool) {
	status, err := strconv.Atoi(text)
	return status, err == nil && len(text) == 3 && status >= 200 && status <= 599
}

// Has reports whether the set holds the status.
func (s StatusSet) Has(status int) bool {
	if len(s.spans) == 0 {
		return status/100 == 2
	}
	for _, each := range s.spans {
		if each.low <= status && status <= each.high {
			return true
		}
	}
	return false
}

// String writes the set as [ParseStatuses] reads it.
func (s StatusSet) String() string {
	if len(s.spans) == 0 {
		return "2xx"
	}
	words := make([]string, len(s.spans))
	for i, each := range s.spans {
		switch {
		case each.low == each.high:
			words[i] = strconv.Itoa(each.low)
		case each.low%100 == 0 && each.high == each.low+99:
			words[i] = fmt.Sprintf("%dxx", each.low/100)
		default:
			words[i] = fmt.Sprintf("%d-%d", each.low, each.high)
		}
	}
	return strings.Join(words, ", ")
}
