package ready

import (
	"fmt"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// behind ends a wait at a wall.
func (w *waiter) behind(s sight) deploy.Ending {
	end := deploy.End(deploy.ReasonWall, fmt.Sprintf("%s is behind %s.", Shown(w.page), s.text))
	end.Next = w.remedy(*s.wall)
	return end
}

// remedy says which header opens a wall, and why it did not this time.
func (w *waiter) remedy(by wall) string {
	var parts []string
	if len(by.headers) > 0 {
		parts = append(parts, "Give in request-headers: "+strings.Join(by.headers, " and ")+".")
	}
	parts = append(parts, by.hint)
	empty := w.check.Headers.Empty()
	switch {
	case w.report.Withheld != "":
		parts = append(parts, deploy.Sentence(w.report.Withheld))
	case len(empty) > 0:
		parts = append(parts, fmt.Sprintf("This time %s was given without a value: does the secret exist, and does this run get it?", strings.Join(empty, " and ")))
	case !w.headers.IsZero():
		parts = append(parts, fmt.Sprintf("This time %s was sent and did not open it: is the secret the right one?", strings.Join(w.headers.Names(), " and ")))
	}
	return strings.Join(parts, " ")
}

// late ends a wait at the deadline, by what was seen last.
func (w *waiter) late() deploy.Ending {
	took := round(time.Since(w.start))
	switch w.last.kind {
	case walled:
		return w.behind(w.last)
	case otherVersion:
		return deploy.End(deploy.ReasonOldVersion, fmt.Sprintf("%s did not show %s in %s for %s. Seen: %s.", Shown(w.version), w.check.Version.Want, w.check.Version.From, took, w.seen))
	case up:
		return deploy.End(deploy.ReasonNotAnswering, fmt.Sprintf("%s answered as expected %d times in a row, not %d, before %s were over. Seen: %s.", Shown(w.page), w.good, w.check.Times, took, w.seen))
	}
	return deploy.End(deploy.ReasonNotAnswering, fmt.Sprintf("%s did not answer with %s in %s. Seen: %s.", Shown(w.page), w.check.Expect, took, w.seen))
}
