package admin

import (
	"errors"
	"net/http"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/catchup"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
)

// apiCatchUp looks for what was missed. It may take longer than any other
// request.
func (h *handler) apiCatchUp(w http.ResponseWriter, r *http.Request) {
	var report catchup.Report
	q, err := journal.ParseCatchUp(r.URL.Query())
	if err == nil {
		end, c := time.Now().Add(journal.CatchUpTime), http.NewResponseController(w)
		err = errors.Join(c.SetReadDeadline(end), c.SetWriteDeadline(end))
	}
	if err == nil {
		report, err = h.CatchUp(r.Context(), q)
	}
	h.write(w, report, err)
}
