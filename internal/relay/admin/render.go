package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// view is what every page is made of.
type view struct {
	Page    string // the template, without .html
	Title   string
	Section string // where in the navigation it is
	Data    any

	Version string
}

// render writes a page whole or not at all.
func (h *handler) render(w http.ResponseWriter, status int, v view) {
	v.Version = h.Version
	var out bytes.Buffer
	if err := h.pages.ExecuteTemplate(&out, v.Page+".html", v); err != nil {
		h.Log.Error("render page", "page", v.Page, "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w)
}

func (h *handler) fail(w http.ResponseWriter, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		h.Log.Error("admin", "error", err)
	}
	h.render(w, status, view{Page: "error", Title: "That did not work", Data: err.Error()})
}

// functions are what the pages need beside their data.
func functions() template.FuncMap {
	return template.FuncMap{
		"at":       func(t time.Time) string { return t.UTC().Format(time.DateTime) },
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"field":    func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") },
		"ago":      func(t time.Time) string { return span(time.Since(t)) },
		"took":     func(a work.Attempt) string { return span(a.Finished.Sub(a.Started)) },
		"span":     span,
		"bytes":    bytesOf,
		"indent":   indent,
		"json":     encode,
		"number":   func(counts map[work.State]int, s work.State) int { return counts[s] },
		"final":    work.State.Final,
		"meaning":  meaning,
		"brand":    brand,
		"web":      isWeb,
		"attempts": func(d journal.Detail, id string) int { return len(d.Attempts[id]) },
	}
}

func indent(text string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(text), "", "  ") != nil {
		return text
	}
	return out.String()
}

// encode shows a value as JSON, and a text as it is.
func encode(value any) (string, error) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	return out.String(), err
}

// isWeb reports whether a link leads to the web and nowhere else.
func isWeb(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http")
}

// brand is how a service writes its name.
func brand(service string) string {
	switch service {
	case source.GitHub:
		return "GitHub"
	case source.BetterBugs:
		return "BetterBugs"
	case "":
		return ""
	}
	return strings.ToUpper(service[:1]) + service[1:]
}

// span shows a length of time in one unit.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < 2*time.Hour:
		return strconv.FormatInt(int64(d.Minutes()), 10) + " min"
	case d < 48*time.Hour:
		return strconv.FormatInt(int64(d.Hours()), 10) + " h"
	}
	return strconv.FormatInt(int64(d.Hours()/24), 10) + " days"
}

// bytesOf shows a size; -1 is not known.
func bytesOf(n int64) string {
	if n < 0 {
		return "unknown"
	}
	const unit = 1024
	size, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for i, name := range units {
		if size < unit || i == len(units)-1 {
			return fmt.Sprintf("%.3g %s", size, name)
		}
		size /= unit
	}
	return ""
}

// meaning says what a delivery's state means, and what to do.
func meaning(s work.State) string {
	switch s {
	case work.Ready:
		return "Waits for its attempt, and goes on by itself."
	case work.Running:
		return "An attempt is under way."
	case work.Retry:
		return "The last attempt failed in a way that may pass. The next one comes by itself."
	case work.Done:
		return "Carried out. There is nothing to do."
	case work.Unknown:
		return "Sent, and it is not known whether it arrived, where sending twice does harm. Look at the target: if nothing happened there, redeliver; else leave it."
	case work.Dead:
		return "Refused for good, or its schedule or max-age is over. Put right what the last attempt says, then redeliver."
	case work.Superseded:
		return "Something newer about the same thing was said first, so this was not. There is nothing to do."
	case work.Paused:
		return "Its target refused our credentials. Put them right, then resume the target."
	}
	return ""
}
