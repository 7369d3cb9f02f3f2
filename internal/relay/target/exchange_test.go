package target_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// What was said is kept, but nothing that proves who we are, not even where the
// other side repeats it.
func TestExchangesHoldNoSecret(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "r1")
		w.Header().Set("Set-Cookie", "session=CANARY")
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(w, `{"message": "no: %s", "token": "CANARY", "author": "CANARY@example.com"}`, r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	client, err := outbound.NewClient(outbound.Options{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := target.New(client, rule.TargetConfig{
		Name: "there", Service: rule.TargetGitHub, APIURL: server.URL, Repositories: []string{"acme/web"}, Token: secret.New("CANARY-token"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, exchanges := target.Record(t.Context())
	if _, err := made.Deliver(ctx, dispatch()); err == nil {
		t.Fatal("a 422 is no error")
	}
	list := exchanges.List()
	if len(list) != 1 {
		t.Fatalf("kept %d exchanges, want 1", len(list))
	}
	x := list[0]
	if text := fmt.Sprintf("%+v", x); strings.Contains(text, "CANARY") {
		t.Errorf("kept a secret: %s", text)
	}
	if x.Method != http.MethodPost || !strings.HasSuffix(x.URL, "/repos/acme/web/dispatches") || x.Status != 422 ||
		x.Header.Get("Authorization") != "***" || x.Answer.Get("X-Request-Id") != "r1" ||
		!strings.Contains(x.Body, `"event_type":"live"`) || !strings.Contains(x.Content, `"message":"no: Bearer ***"`) {
		t.Errorf("kept %+v", x)
	}
}

func TestExchangesAreCut(t *testing.T) {
	t.Parallel()
	made, _ := open(t, rule.TargetGitHub, says(500, strings.Repeat("é", 100_000)))
	ctx, exchanges := target.Record(t.Context())
	_, _ = made.Deliver(ctx, status())
	list := exchanges.List()
	if len(list) == 0 {
		t.Fatal("nothing was kept")
	}
	if got := len(list[0].Content); got == 0 || got > 5<<10 {
		t.Errorf("kept %d bytes of the answer, want some, and 5 KiB at most", got)
	}
}

func TestExchangeWithoutAnswer(t *testing.T) {
	t.Parallel()
	made, _ := open(t, rule.TargetGitHub, hangsUp)
	ctx, exchanges := target.Record(t.Context())
	_, _ = made.Deliver(ctx, dispatch())
	if list := exchanges.List(); len(list) != 1 || list[0].Error == "" || list[0].Status != 0 {
		t.Errorf("kept %+v, want one exchange with an error", list)
	}
}
