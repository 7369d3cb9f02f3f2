package ready

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// sight is what one try saw.
type sight struct {
	kind kind
	text string
	wall *wall
	// version is the text that proved the version.
	version string
	// asked is the pause that the application asked for.
	asked time.Duration
}

type kind int

const (
	down kind = iota
	walled
	otherVersion
	up
)

// look asks for the page, and for the version where that is another page.
func (w *waiter) look(ctx context.Context) (sight, error) {
	v, err := newVisitor(w.client, w.check.URL, w.headers, w.check.Limit)
	if err != nil {
		return sight{}, err
	}
	p, err := v.visit(ctx, w.page, w.check.Expect)
	if err != nil {
		return sight{}, err
	}
	s := judge(p, w.check.Expect)
	if s.kind != up || w.check.Version.Want.IsZero() {
		return s, nil
	}
	if *w.version != *w.page {
		if p, err = v.visit(ctx, w.version, StatusSet{}); err != nil {
			return sight{}, err
		}
		if s = judge(p, StatusSet{}); s.kind != up {
			return w.noVersionPage(p, s), nil
		}
	}
	return w.judgeVersion(p), nil
}

// judge says what a page means, its version left aside.
func judge(p page, expect StatusSet) sight {
	status := strings.TrimSpace(strconv.Itoa(p.answer.Status) + " " + http.StatusText(p.answer.Status))
	switch {
	case p.wall != nil:
		return sight{kind: walled, text: fmt.Sprintf("%s (%s)", p.wall.name, status), wall: p.wall}
	case p.problem != "":
		return sight{kind: down, text: p.problem}
	case expect.Has(p.answer.Status):
		return sight{kind: up, text: status}
	}
	asked, _ := outbound.RetryAfter(p.answer.Header, time.Now())
	return sight{kind: down, text: status, asked: min(asked, mostAsked)}
}

// noVersionPage is for an application that is up while its version's page is
// not: an old version may well have none.
func (w *waiter) noVersionPage(p page, s sight) sight {
	s.text = fmt.Sprintf("%s at %s", s.text, Shown(w.version))
	if s.kind == down && p.answer.Status == http.StatusNotFound {
		s.kind = otherVersion
	}
	return s
}

func (w *waiter) judgeVersion(p page) sight {
	found := w.check.Version.From.look(p.answer.Header, p.answer.Body, w.check.Version.Want)
	text := found.where
	if found.shown != "" {
		text += ": " + w.quote(found.shown)
	}
	if found.wanted {
		return sight{kind: up, text: text, version: w.quote(found.shown)}
	}
	return sight{kind: otherVersion, text: "another version, " + text}
}

// quote makes what an application shows one short piece of text.
func (w *waiter) quote(text string) string {
	const most = 120
	runes := []rune(strings.Join(strings.Fields(w.check.Headers.hide(text)), " "))
	if len(runes) > most {
		return strconv.Quote(string(runes[:most])) + "…"
	}
	return strconv.Quote(string(runes))
}
