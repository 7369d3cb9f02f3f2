package origin

import "strings"

// Reported is what a service reported and afterdeploy-relay passed on, in the
// relay's words. Every field but Kind may be empty, and none has a line break.
type Reported struct {
	// Service is bitrise, currents, … Kind says what it reports about: build,
	// run, bug, …
	Service, Kind string
	// Status is how that stands: pending, success, failure, cancelled,
	// timed_out, open, closed or unknown.
	Status string
	// Subject identifies what it is about in all reports of its life.
	Subject, Title, URL string

	Commit, Branch string
	PullRequest    int
}

// reported reads what the relay puts beside the deployment. A dispatch of
// somebody else's has none of it.
func reported(about node, f findings) *Reported {
	said := func(key string) string { return strings.Join(strings.Fields(about.at(key).text().value), " ") }
	if said("kind") == "" {
		return nil
	}
	return &Reported{
		Service: said("service"), Kind: said("kind"), Status: said("status"), Subject: said("subject"), Title: said("title"),
		URL:    first(site, about.at("url").text()).value,
		Commit: f.commit.value.Commit(), Branch: f.branch.value.Branch(), PullRequest: f.pull.value,
	}
}
