package outbound_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// TestTheKeyFollowsNoRedirect has a second server that must never be asked.
func TestTheKeyFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	second := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(second.Close)
	for _, status := range []int{300, 301, 302, 303, 304, 307, 308} {
		for name, location := range map[string]string{
			"another server":   second.URL + "/elsewhere",
			"scheme-relative":  "//" + second.Listener.Addr().String(),
			"the same server":  "/login",
			"the same path":    "",
			"with a password":  "http://someone:pa55word@" + second.Listener.Addr().String(),
			"that is no URL":   "https://[bad?token=hunter2",
			"with a bad space": "http://a b:pa55word@x/?token=hunter2",
			"no web address":   "javascript:alert(1)",
		} {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				t.Parallel()
				var first atomic.Int32
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					first.Add(1)
					if location != "" {
						w.Header().Set("Location", location)
					}
					w.WriteHeader(status)
				}))
				t.Cleanup(server.Close)
				answer, failure := post(t, outbound.Options{}, server.URL)
				if failure != nil || answer.Status != status {
					t.Errorf("status %d, %v, want %d", answer.Status, failure, status)
				}
				if first.Load() != 1 || asked.Load() != 0 {
					t.Errorf("the first server was asked %d times, the second %d, want 1 and 0", first.Load(), asked.Load())
				}
			})
		}
	}
}
