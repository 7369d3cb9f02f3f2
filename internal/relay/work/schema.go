package work

// schema creates what is missing, for SQLite and Postgres alike. That two
// deliveries which overwrite each other never run at once is the index's word,
// not the program's.
func schema() []string {
	return []string{`
CREATE TABLE IF NOT EXISTS delivery (
	id            TEXT PRIMARY KEY,
	event_id      TEXT NOT NULL,
	service       TEXT NOT NULL,
	rule          TEXT NOT NULL,
	target        TEXT NOT NULL,
	action        TEXT NOT NULL,
	order_key     TEXT NOT NULL,
	subject_since BIGINT NOT NULL,
	final         BIGINT NOT NULL,
	occurred      BIGINT NOT NULL,
	expires       BIGINT NOT NULL,
	state         TEXT NOT NULL,
	note          TEXT NOT NULL DEFAULT '',
	url           TEXT NOT NULL DEFAULT '',
	tries         BIGINT NOT NULL DEFAULT 0,
	attempts      BIGINT NOT NULL DEFAULT 0,
	due           BIGINT NOT NULL,
	created       BIGINT NOT NULL,
	updated       BIGINT NOT NULL,
	woken         BIGINT NOT NULL DEFAULT 0,
	untold        BIGINT NOT NULL DEFAULT 0
)`,
		`CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event_id)`,
		`CREATE INDEX IF NOT EXISTS delivery_state ON delivery (state, event_id)`,
		`CREATE INDEX IF NOT EXISTS delivery_tally ON delivery (target, state)`,
		`CREATE INDEX IF NOT EXISTS delivery_asleep ON delivery (updated) WHERE woken = 0`,
		`CREATE INDEX IF NOT EXISTS delivery_ended ON delivery (updated) WHERE state NOT IN ('ready', 'running', 'retry', 'paused')`,
		`CREATE INDEX IF NOT EXISTS delivery_untold ON delivery (updated) WHERE untold = 1`,
		`CREATE INDEX IF NOT EXISTS delivery_written ON delivery (order_key, subject_since, final, occurred) WHERE state = 'done' AND order_key <> ''`,
		`CREATE UNIQUE INDEX IF NOT EXISTS delivery_one_at_a_time ON delivery (order_key) WHERE state = 'running' AND order_key <> ''`,
		`
CREATE TABLE IF NOT EXISTS attempt (
	delivery_id TEXT NOT NULL,
	number      BIGINT NOT NULL,
	started     BIGINT NOT NULL,
	finished    BIGINT,
	outcome     TEXT NOT NULL DEFAULT '',
	status      BIGINT NOT NULL DEFAULT 0,
	note        TEXT NOT NULL DEFAULT '',
	exchanges   TEXT NOT NULL DEFAULT '[]',
	PRIMARY KEY (delivery_id, number)
)`,
		`CREATE INDEX IF NOT EXISTS attempt_said ON attempt (finished) WHERE exchanges <> '[]'`,
		`
CREATE TABLE IF NOT EXISTS paused_target (
	name  TEXT PRIMARY KEY,
	since BIGINT NOT NULL,
	note  TEXT NOT NULL
)`,
	}
}
