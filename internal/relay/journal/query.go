package journal

import (
	"errors"
	"net/url"
	"strconv"
	"time"
)

// Query chooses events. Its zero value chooses the newest.
type Query struct {
	Source  string
	Service string
	// State is an event's state, or that of one of its deliveries.
	State string
	Text  string
	Since time.Time
	Until time.Time
	// Before continues a list after the event with this identifier, After
	// before it, with the nearest of those that are newer.
	Before, After string
	Most          int
}

// mostListed is how many events a list can have.
const mostListed = 1000

// ParseQuery reads a query from a URL's parameters and reports all that are bad.
// A time without a zone is UTC, as the page shows times.
func ParseQuery(v url.Values) (Query, error) {
	q := Query{
		Source: v.Get("source"), Service: v.Get("service"), State: v.Get("state"), Text: v.Get("text"),
		Before: v.Get("before"), After: v.Get("after"),
	}
	var errs []error
	if text := v.Get("most"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostListed {
			errs = append(errs, &ParameterError{"most", text, "a number from 1 to " + strconv.Itoa(mostListed)})
		}
		q.Most = n
	}
	if q.Before != "" && q.After != "" {
		errs = append(errs, &ParameterError{"after", q.After, "before or after, not both"})
	}
	for _, field := range []struct {
		name string
		at   *time.Time
	}{{"since", &q.Since}, {"until", &q.Until}} {
		text := v.Get(field.name)
		if at, ok := parseTime(text); ok {
			*field.at = at
		} else if text != "" {
			errs = append(errs, &ParameterError{field.name, text, "a time such as 2026-01-31T15:04:05Z"})
		}
	}
	return q, errors.Join(errs...)
}

func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// Values writes a query as a URL's parameters.
func (q Query) Values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"source": q.Source, "service": q.Service, "state": q.State, "text": q.Text, "before": q.Before, "after": q.After,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			v.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	if q.Most > 0 {
		v.Set("most", strconv.Itoa(q.Most))
	}
	return v
}

// ParameterError is a parameter that cannot be read.
type ParameterError struct{ Name, Value, Want string }

// Error implements error.
func (e *ParameterError) Error() string {
	return "parameter " + e.Name + " is " + strconv.Quote(e.Value) + ": want " + e.Want
}
