package trigger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/hub"
)

// result is a check run or a commit status that counts.
type result struct {
	key, mark string // what it is, and how it looks
	name      string
	grade     grade
	// word is how it ended, or how it stands, in GitHub's words.
	word, title, url string
}

// grade is what a result is worth.
type grade int

const (
	gradeOpen    grade = iota // not complete
	gradeGood                 // a success
	gradeNeutral              // neutral or skipped: good only beside a success
	gradeBad                  // all else
)

func ofCheck(c hub.CheckRun) result {
	r := result{
		key: "check " + strconv.FormatInt(c.ID, 10), name: c.Name, title: c.Title, url: c.DetailsURL, word: c.Status,
		mark: strings.Join([]string{c.Status, c.Conclusion, c.Started.Format(time.RFC3339Nano), c.Completed.Format(time.RFC3339Nano)}, " "),
	}
	if r.url == "" {
		r.url = c.URL
	}
	if c.Status == "completed" {
		r.word, r.grade = c.Conclusion, graded(c.Conclusion)
	}
	return r
}

func ofStatus(s hub.Status) result {
	r := result{
		// Every report has an id of its own.
		key: "status " + s.Context, mark: strconv.FormatInt(s.ID, 10) + " " + s.Updated.Format(time.RFC3339Nano),
		name: s.Context, title: s.Description, url: s.TargetURL, word: s.State,
	}
	if s.State != "pending" {
		r.grade = graded(s.State)
	}
	return r
}

func graded(conclusion string) grade {
	switch conclusion {
	case "success":
		return gradeGood
	case "neutral", "skipped":
		return gradeNeutral
	}
	return gradeBad
}

// String is a line of a list.
func (r result) String() string {
	text := fmt.Sprintf("%s: %s", r.name, r.word)
	if r.title != "" {
		text += ", " + r.title
	}
	return text
}

func of(results []result, g grade) []result {
	return slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.grade != g })
}

func pending(results []result) []result { return of(results, gradeOpen) }

// differ reports whether a result came, went or looks different.
func differ(before, now []result) bool {
	return !slices.EqualFunc(before, now, func(a, b result) bool { return a.key == b.key && a.mark == b.mark })
}

// verdict judges complete results.
func verdict(results []result) *deploy.Ending {
	failed := of(results, gradeBad)
	switch {
	case len(failed) > 0:
		end := ending(deploy.ReasonTestsFailed, deploy.Sentence(tally(results)))
		end.Details = linesOf(failed)
		return end
	case len(of(results, gradeGood)) == 0:
		end := ending(deploy.ReasonTestsFailed, "No result is a success: nothing was really tested.")
		end.Details = linesOf(results)
		return end
	}
	return ending(deploy.ReasonTestsPassed, deploy.Sentence(tally(results)))
}

// tally counts results in words.
func tally(results []result) string {
	if len(results) == 0 {
		return "no result"
	}
	var parts []string
	for _, g := range []struct {
		grade grade
		word  string
	}{{gradeGood, "passed"}, {gradeBad, "failed"}, {gradeNeutral, "neutral or skipped"}, {gradeOpen, "not complete"}} {
		if n := len(of(results, g.grade)); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, g.word))
		}
	}
	return fmt.Sprintf("%s: %s", counted(len(results), "result"), strings.Join(parts, ", "))
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func names(results []result) string {
	all := make([]string, len(results))
	for i, r := range results {
		all[i] = r.name + " " + r.word
	}
	return strings.Join(all, ", ")
}

func linesOf(results []result) []string {
	all := make([]string, len(results))
	for i, r := range results {
		all[i] = r.String()
	}
	return all
}

// url is where to look: at the first failure, else at what is open, else at the
// first result.
func (g *gate) url() string {
	for _, some := range [][]result{of(g.results, gradeBad), pending(g.results), g.results} {
		for _, r := range some {
			if r.url != "" {
				return r.url
			}
		}
	}
	return ""
}

// outputs are the gate's outputs; without a gate they are empty.
func (g *gate) outputs() map[string]string {
	if g == nil {
		return nil
	}
	values := map[string]string{
		"result-url": g.url(), "result-summary": strings.Join(linesOf(g.results), "\n"),
		"result-count":   strconv.Itoa(len(g.results)),
		"result-passed":  strconv.Itoa(len(of(g.results, gradeGood))),
		"result-failed":  strconv.Itoa(len(of(g.results, gradeBad))),
		"result-neutral": strconv.Itoa(len(of(g.results, gradeNeutral))),
	}
	if g.end != nil && (g.end.Outcome == deploy.Passed || g.end.Outcome == deploy.Failed) {
		values["result"] = string(g.end.Outcome)
	}
	return values
}
