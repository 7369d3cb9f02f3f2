package inbox

import "strings"

// schema creates what is missing. The body comes last, so that lists do not
// read it.
const schema = `
CREATE TABLE IF NOT EXISTS event (
	id           TEXT PRIMARY KEY,
	source       TEXT NOT NULL,
	service      TEXT NOT NULL,
	dedupe       TEXT NOT NULL CHECK (length(dedupe) BETWEEN 1 AND 512),
	method       TEXT NOT NULL,
	remote       TEXT NOT NULL,
	received     BIGINT NOT NULL,
	arrivals     BIGINT NOT NULL DEFAULT 1,
	last_arrival BIGINT NOT NULL,
	state        TEXT NOT NULL,
	note         TEXT NOT NULL DEFAULT '',
	name         TEXT NOT NULL DEFAULT '',
	kind         TEXT NOT NULL DEFAULT '',
	subject      TEXT NOT NULL DEFAULT '',
	route_at     BIGINT,
	tries        BIGINT NOT NULL DEFAULT 0,
	pruned       BIGINT NOT NULL DEFAULT 0,
	header       TEXT NOT NULL,
	body         BLOB,
	UNIQUE (source, dedupe)
);
CREATE INDEX IF NOT EXISTS event_due ON event (route_at) WHERE route_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_received ON event (received);
CREATE INDEX IF NOT EXISTS event_subject ON event (source, subject, received) WHERE subject <> '';
CREATE INDEX IF NOT EXISTS event_unverified ON event (source) WHERE state = 'unverified';
CREATE INDEX IF NOT EXISTS event_source ON event (source, id);
CREATE INDEX IF NOT EXISTS event_ignored ON event (id) WHERE state = 'ignored';
CREATE TABLE IF NOT EXISTS caught_up (source TEXT PRIMARY KEY, begun BIGINT NOT NULL, at BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS probe (id TEXT PRIMARY KEY, at BIGINT NOT NULL, filler BLOB);
`

// statements splits the schema, since a driver takes one statement at a time.
func statements(schema string) []string {
	var out []string
	for s := range strings.SplitSeq(schema, ";") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
