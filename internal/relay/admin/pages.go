package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// perPage is how many events a page lists.
const perPage = 50

// list is the page of events.
type list struct {
	Query                        journal.Query
	Sources, Services            []string
	EventStates                  []inbox.State
	DeliveryStates               []work.State
	Events                       []journal.Event
	Newer, Older, First, Preview string
	Health                       journal.Health
	Paused                       []journal.Target
	Unverified                   int
	Again                        string // what was just done, in a sentence
}

func (h *handler) list(w http.ResponseWriter, r *http.Request) {
	q, err := journal.ParseQuery(r.URL.Query())
	if err != nil {
		h.fail(w, err)
		return
	}
	page := list{
		Query: q, Sources: h.Sources(), Services: append(source.Services(), rule.Relay), Again: again(r.URL.Query().Get("again")),
		EventStates:    []inbox.State{inbox.New, inbox.Routed, inbox.Ignored, inbox.Unverified, inbox.Doubtful},
		DeliveryStates: work.States(),
	}
	if q.Source != "" && !slices.Contains(page.Sources, q.Source) {
		page.Sources = append(page.Sources, q.Source) // of an earlier rules file
	}
	if err := h.fill(r, &page); err != nil {
		h.fail(w, err)
		return
	}
	h.render(w, http.StatusOK, view{Page: "list", Title: "Events", Section: "events", Data: page})
}

// again says how many deliveries were just sent again. The number comes back in
// the address, where anything can stand.
func again(text string) string {
	switch n, err := strconv.Atoi(text); {
	case err != nil:
		return ""
	case n == 1:
		return "1 delivery goes out again."
	default:
		return strconv.Itoa(n) + " deliveries go out again."
	}
}

// fill asks for what the list shows.
func (h *handler) fill(r *http.Request, page *list) error {
	q := page.Query
	q.Most = perPage + 1 // tells whether there is more
	events, err := h.Journal.Events(r.Context(), q)
	if err != nil {
		return err
	}
	page.Events = turn(page, events)
	if page.Health, err = h.Journal.Health(r.Context()); err != nil {
		return err
	}
	targets, err := h.Journal.Targets(r.Context())
	if err != nil {
		return err
	}
	page.Paused = slices.DeleteFunc(targets, func(t journal.Target) bool { return t.Pause == nil })
	unverified, err := h.Journal.Events(r.Context(), journal.Query{State: string(inbox.Unverified), Most: perPage})
	page.Unverified = len(unverified)
	return err
}

// turn sets the links to the pages beside this one, and returns its events.
func turn(page *list, events []journal.Event) []journal.Event {
	q := page.Query
	more := len(events) > perPage
	if more && q.After != "" {
		events = events[1:]
	} else if more {
		events = events[:perPage]
	}
	link := func(before, after string) string {
		q := page.Query
		q.Before, q.After, q.Most = before, after, 0
		return "/?" + q.Values().Encode()
	}
	if len(events) > 0 {
		if more && q.After == "" || q.After != "" {
			page.Older = link(events[len(events)-1].ID, "")
		}
		if more && q.After != "" || q.Before != "" {
			page.Newer = link("", events[0].ID)
		}
	}
	if q.Before != "" || q.After != "" {
		page.First = link("", "")
	}
	q.Before, q.After, q.Most = "", "", 0
	page.Preview = "/redeliver?" + q.Values().Encode()
	return events
}

func (h *handler) event(w http.ResponseWriter, r *http.Request) {
	detail, err := h.Journal.Event(r.Context(), r.PathValue("id"))
	if err != nil {
		h.fail(w, err)
		return
	}
	h.render(w, http.StatusOK, view{Page: "event", Title: detail.Service + " " + detail.Name, Section: "events", Data: detail})
}

func (h *handler) delivery(w http.ResponseWriter, r *http.Request) {
	d, err := h.Journal.Delivery(r.Context(), r.PathValue("id"))
	if err != nil {
		h.fail(w, err)
		return
	}
	slices.Reverse(d.Attempts) // the last is what is looked for
	h.render(w, http.StatusOK, view{Page: "delivery", Title: "Delivery of " + d.Action.Rule, Section: "events", Data: d})
}

func (h *handler) redeliver(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if _, err := h.Journal.Redeliver(r.Context(), id); err != nil {
		h.fail(w, err)
		return
	}
	h.Log.Info("redelivered by hand", "id", id, "remote", r.RemoteAddr)
	back := "/deliveries/" + url.PathEscape(id)
	if event := r.PostFormValue("event"); event != "" {
		back = "/events/" + url.PathEscape(event)
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// preview shows what would be redelivered, and asks.
type preview struct {
	Query journal.Query
	Plan  journal.Plan
	// Shown are the first of the plan's deliveries.
	Shown []work.Delivery
	// Confirm is where the form goes, Back where it came from.
	Confirm, Back string
	// Risky reports that something would be done twice that does harm.
	Risky, Again bool
}

// mostShown is how many deliveries a preview names.
const mostShown = 50

func (h *handler) preview(w http.ResponseWriter, r *http.Request) {
	q, err := journal.ParseQuery(r.URL.Query())
	if err != nil {
		h.fail(w, err)
		return
	}
	plan, err := h.Journal.Plan(r.Context(), q)
	if err != nil {
		h.fail(w, err)
		return
	}
	page := preview{Query: q, Plan: plan, Shown: plan.Deliveries[:min(len(plan.Deliveries), mostShown)], Back: "/?" + q.Values().Encode()}
	q.Until = plan.Until
	v := q.Values()
	v.Set("want", strconv.Itoa(len(plan.Deliveries)))
	page.Confirm = "/redeliver?" + v.Encode()
	for _, t := range plan.Targets {
		page.Risky = page.Risky || !t.Idempotent
	}
	page.Again = slices.Contains(plan.States, work.Done)
	h.render(w, http.StatusOK, view{Page: "preview", Title: "Redeliver", Section: "events", Data: page})
}

func (h *handler) redeliverAll(w http.ResponseWriter, r *http.Request) {
	q, want, err := wanted(r)
	n := 0
	if err == nil {
		n, err = h.Journal.RedeliverAll(r.Context(), q, want)
	}
	if err != nil {
		h.fail(w, err)
		return
	}
	h.Log.Info("redelivered by hand", "deliveries", n, "remote", r.RemoteAddr)
	http.Redirect(w, r, "/?again="+strconv.Itoa(n), http.StatusSeeOther)
}

func (h *handler) sources(w http.ResponseWriter, r *http.Request) {
	sources, err := h.Journal.Sources(r.Context())
	if err != nil {
		h.fail(w, err)
		return
	}
	h.render(w, http.StatusOK, view{Page: "sources", Title: "Sources", Section: "sources", Data: sources})
}

// loaded is the page of rules and targets.
type loaded struct {
	Rules   []rule.Description
	Targets []journal.Target
}

func (h *handler) rules(w http.ResponseWriter, r *http.Request) {
	rules, err := h.Journal.Rules(r.Context())
	if err != nil {
		h.fail(w, err)
		return
	}
	targets, err := h.Journal.Targets(r.Context())
	if err != nil {
		h.fail(w, err)
		return
	}
	h.render(w, http.StatusOK, view{Page: "rules", Title: "Rules and targets", Section: "rules", Data: loaded{rules, targets}})
}

// health is the page of that name.
type health struct {
	journal.Health
	States []work.State
}

func (h *handler) health(w http.ResponseWriter, r *http.Request) {
	found, err := h.Journal.Health(r.Context())
	if err != nil {
		h.fail(w, err)
		return
	}
	h.render(w, http.StatusOK, view{Page: "health", Title: "Health", Section: "health", Data: health{found, work.States()}})
}

func (h *handler) resume(w http.ResponseWriter, r *http.Request) {
	if _, err := h.Journal.Resume(r.Context(), r.PathValue("target")); err != nil {
		h.fail(w, err)
		return
	}
	h.Log.Info("resumed by hand", "target", r.PathValue("target"), "remote", r.RemoteAddr)
	http.Redirect(w, r, "/rules", http.StatusSeeOther)
}
