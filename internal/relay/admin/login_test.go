package admin_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/admin"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// However many connections somebody guesses by, a few tokens a second are
// looked at, and whoever knows the right one is not kept waiting.
func TestGuessingIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := admin.Handler(admin.Options{
			Journal: &book{}, Token: secret.New("tok"), Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler),
		})
		try := func(token string) int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/targets", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
		began := time.Now()
		var (
			mu      sync.Mutex
			answers = map[int]int{}
			wg      sync.WaitGroup
		)
		for range 20 {
			wg.Go(func() {
				code := try("wrong")
				mu.Lock()
				defer mu.Unlock()
				answers[code]++
			})
		}
		synctest.Wait()
		if code := try("tok"); code != http.StatusOK || time.Since(began) != 0 {
			t.Errorf("the right token among them: %d after %s, want 200 at once", code, time.Since(began))
		}
		wg.Wait()
		if answers[http.StatusUnauthorized] != 8 || answers[http.StatusTooManyRequests] != 12 || time.Since(began) != time.Second {
			t.Errorf("answers %v after %s, want 8 refused after a second and 12 turned away", answers, time.Since(began))
		}
	})
}
