package source

import (
	"encoding/json"
	"fmt"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// Parse reads what happened. The event is usable even beside an error: unknown
// actions, states and fields are kept, and a body that is not in its content
// type's form gives an event of kind other. Private fields are replaced before
// anything is read, so no part of the event can hold one.
func (s *Source) Parse(r Request) (event.Event, error) {
	body, err := decode(r)
	e := event.Event{Kind: event.KindOther, Name: r.Header.Get(s.service.name), Status: event.StatusUnknown}
	if err == nil {
		body = redact(s.service.payload(body))
		e = s.service.parse(r.Header, body)
		e.Raw, err = json.Marshal(body)
	}
	tidy(&e)
	e.Source, e.Service = s.config.Name, s.config.Service
	e.Received = r.Received.UTC()
	e.Unverified = s.unverified(r)
	if run := e.Fields["run"]; s.config.Aggregate && run != "" {
		e.Subject = run // and not one of its groups: all their events are in one order
	}
	s.fill(&e)
	if err != nil {
		return e, fmt.Errorf("read body of %s: %w", s.config.Service, err)
	}
	return e, nil
}

// tidy makes one line of what is one line.
func tidy(e *event.Event) {
	for _, field := range []*string{
		&e.Name, &e.State, &e.Title, &e.Tag, &e.Environment, &e.Workflow, &e.Priority, &e.Sender, &e.Context,
	} {
		*field = line(*field, maxTitle)
	}
	e.Subject = line(e.Subject, maxFact)
}

// fill adds what the configuration knows and the event does not.
func (s *Source) fill(e *event.Event) {
	for _, field := range []struct {
		value    *string
		fallback string
	}{
		{&e.Repository, s.config.Repository},
		{&e.Environment, s.config.Environment},
		{&e.EnvironmentURL, s.config.EnvironmentURL},
	} {
		if *field.value == "" {
			*field.value = field.fallback
		}
	}
	if e.Title == "" {
		e.Title = e.Name
	}
}
