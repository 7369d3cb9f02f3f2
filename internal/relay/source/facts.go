package source

import "github.com/afterdeploy/afterdeploy/internal/relay/event"

// facts are a service's own small facts, by name.
type facts map[string]string

// known returns the facts that are known, each on one line, or nil.
func (f facts) known() map[string]string {
	kept := map[string]string{}
	for name, value := range f {
		if value = line(value, maxFact); value != "" {
			kept[line(name, maxTitle)] = value
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// links keeps the links that lead to the web, or nil.
func links(all ...event.Link) []event.Link {
	var kept []event.Link
	for _, link := range all {
		if link.URL = webURL(link.URL); link.URL != "" {
			link.Title = line(link.Title, maxTitle)
			kept = append(kept, link)
		}
	}
	return kept
}

// person returns somebody, or nobody where no name is left after redaction.
func person(role, name, handle string) []event.Person {
	name, handle = unmasked(name), unmasked(handle)
	if name == "" && handle == "" {
		return nil
	}
	return []event.Person{{Role: role, Name: name, Handle: handle}}
}
