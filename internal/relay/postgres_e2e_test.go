//go:build e2e

package relay_test

import (
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
)

// On Postgres another relay could be at work, so what a killed one had under
// way is taken back only after some time.
func TestKilledUnderLoadOnPostgres(t *testing.T) {
	t.Parallel()
	killUnderLoad(t, 2*time.Minute, "DATABASE="+pgtest.Start(t), "LIMIT=3s", "MARGIN=3s", "LEASE=5s")
}
