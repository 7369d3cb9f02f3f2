package journal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/catchup"
)

// CatchUpTime bounds a look for what was missed, which takes as long as the
// services do.
const CatchUpTime = 10 * time.Minute

// CatchUp has the relay look for events that it missed.
func (r *Remote) CatchUp(ctx context.Context, q catchup.Query) (catchup.Report, error) {
	v := url.Values{}
	if q.Source != "" {
		v.Set("source", q.Source)
	}
	if !q.Since.IsZero() {
		v.Set("since", q.Since.UTC().Format(time.RFC3339Nano))
	}
	for name, set := range map[string]bool{"all": q.All, "dry-run": q.DryRun} {
		if set {
			v.Set(name, "true")
		}
	}
	var report catchup.Report
	return report, r.callWithin(ctx, CatchUpTime, http.MethodPost, "catch-up", v, &report)
}

// ParseCatchUp reads what [Remote.CatchUp] asks for and reports all that is bad.
func ParseCatchUp(v url.Values) (catchup.Query, error) {
	q := catchup.Query{Source: v.Get("source")}
	var errs []error
	if text := v.Get("since"); text != "" {
		var ok bool
		if q.Since, ok = parseTime(text); !ok {
			errs = append(errs, &ParameterError{"since", text, "a time such as 2026-01-31T15:04:05Z"})
		}
	}
	for name, set := range map[string]*bool{"all": &q.All, "dry-run": &q.DryRun} {
		text := v.Get(name)
		if text == "" {
			continue
		}
		var err error
		if *set, err = strconv.ParseBool(text); err != nil {
			errs = append(errs, &ParameterError{name, text, "true or false"})
		}
	}
	return q, errors.Join(errs...)
}
