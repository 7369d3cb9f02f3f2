package bugster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

func TestARequestIsAddressedCorrectly(t *testing.T) {
	t.Parallel()
	_, s := trigger(t, 0, says(200, processed))
	req := s.requests[0]
	if got := req.Method + " " + req.URL.String(); got != "POST "+endpoint {
		t.Errorf("request %s, want POST %s", got, endpoint)
	}
	want := http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json"},
		"X-Api-Key": {apiKey}, "X-Correlation-Id": {"ad-42"},
	}
	if diff := cmp.Diff(want, req.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	body, err := bugster.Body(event(t))
	if err != nil {
		t.Fatal(err)
	}
	if s.bodies[0] != string(body) || req.ContentLength != int64(len(body)) {
		t.Errorf("body %s of length %d, want %s", s.bodies[0], req.ContentLength, body)
	}
}

func TestEveryTryIsTheSameRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		result, s := trigger(t, 1, refused, says(429, ""), says(500, ""), says(200, processed))
		if len(result.Attempts) != 4 || result.Ending.Outcome != deploy.Triggered {
			t.Fatalf("%d attempts, ending %+v, want 4 and triggered", len(result.Attempts), result.Ending)
		}
		for i, req := range s.requests {
			if diff := cmp.Diff(s.requests[0].Header, req.Header); diff != "" || s.bodies[i] != s.bodies[0] {
				t.Errorf("try %d is another request: %s %s", i+1, diff, s.bodies[i])
			}
			if req.Header.Get("Idempotency-Key") != "" || req.Header.Get("X-Idempotency-Key") != "" {
				t.Errorf("try %d has a header with which net/http repeats it by itself", i+1)
			}
		}
	})
}

func TestTheWaitsGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen []time.Duration
		s := &service{steps: []step{refused}}
		client := s.client(0)
		client.Observe = func(a outbound.Attempt) { seen = append(seen, a.Wait) }
		start := time.Now()
		if _, err := client.Trigger(t.Context(), event(t)); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 0}
		if diff := cmp.Diff(want, seen); diff != "" || time.Since(start) != 15*time.Second {
			t.Errorf("waits in %v (-want +got):\n%s", time.Since(start), diff)
		}
	})
}

func TestACallerWithAScheduleOfItsOwnMakesOneTry(t *testing.T) {
	t.Parallel()
	s := &service{steps: []step{says(503, "", "Retry-After", "17")}}
	client := s.client(0)
	client.Tries = 1
	result, err := client.Trigger(t.Context(), event(t))
	if err != nil || len(s.requests) != 1 || result.RetryAfter != 17*time.Second || result.Ending.Reason != deploy.ReasonBusy {
		t.Errorf("%d requests, %+v, %v, want one, and busy for 17s", len(s.requests), result, err)
	}
}

func TestOnlySuccessStartsTests(t *testing.T) {
	t.Parallel()
	for _, state := range deploy.States() {
		e := event(t)
		e.Deployment.State = state
		result, err := (&service{steps: []step{says(200, processed)}}).client(0).Trigger(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if started := result.Ending.Outcome == deploy.Triggered; started != (state == deploy.Success) {
			t.Errorf("%s, processed, ends as %+v", state, result.Ending)
		}
	}
}

func TestTheEndOfTheRunEndsTheCall(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		step   step
		reason deploy.Reason
	}{
		"after sending": {silent, deploy.ReasonNoAnswer},
		"before sending": {func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, deploy.ReasonConnect},
		"in a pause": {says(429, "", "Retry-After", "60"), deploy.ReasonConnect},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(10*time.Second, cancel)
				start := time.Now()
				result, err := (&service{steps: []step{tt.step}}).client(1).Trigger(ctx, event(t))
				if err != nil || result.Ending.Reason != tt.reason || !strings.HasPrefix(result.Ending.Sentence, "The run ended") {
					t.Errorf("Trigger = %+v, %v, want the reason %s", result.Ending, err, tt.reason)
				}
				if time.Since(start) != 10*time.Second {
					t.Errorf("took %v, want 10s", time.Since(start))
				}
			})
		})
	}
}

func TestARequestThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	s := &service{steps: []step{says(200, processed)}}
	noRef := event(t)
	noRef.Deployment.Ref = deploy.Ref{}
	if _, err := s.client(0).Trigger(t.Context(), noRef); err == nil {
		t.Error("a deployment without commit and branch is sent")
	}
	client := s.client(0)
	client.Endpoint = "https://api.bugster.app/\x00"
	if _, err := client.Trigger(t.Context(), event(t)); err == nil || strings.Contains(err.Error(), apiKey) {
		t.Errorf("Trigger = %v, want an error without the key", err)
	}
	if len(s.requests) != 0 {
		t.Errorf("%d requests were sent, want none", len(s.requests))
	}
}

// TestTheKeyIsNowhereInWhatIsTold has a service that writes the key wherever
// it can.
func TestTheKeyIsNowhereInWhatIsTold(t *testing.T) {
	t.Parallel()
	tests := map[string]step{
		"in the body":              says(400, "X-API-KEY: "+apiKey),
		"in the message":           says(401, `{"message":"no key `+apiKey+`"}`),
		"as a status and a code":   says(200, `{"status":"`+apiKey+`","code":"`+apiKey+`"}`),
		"where a message is cut":   says(401, `{"message":"`+strings.Repeat("x", 290)+apiKey+`"}`),
		"in a Location":            says(302, "", "Location", "https://"+apiKey+".example/"),
		"in Retry-After":           says(429, "", "Retry-After", apiKey),
		"in what is no HTTP":       fails(fmt.Errorf("malformed MIME header line: X-Api-Key: %s", apiKey)),
		"in what is no HTTP, sent": func(req *http.Request) (*http.Response, error) { connect(req); return nil, errors.New(apiKey) },
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log strings.Builder
				client := (&service{steps: []step{answer}}).client(1)
				client.Observe = func(a outbound.Attempt) { fmt.Fprintf(&log, "%+v %v\n", a, a.Failure) }
				result, err := client.Trigger(t.Context(), event(t))
				text, jsonErr := json.Marshal(result)
				if jsonErr != nil {
					t.Fatal(jsonErr)
				}
				for _, a := range result.Attempts {
					fmt.Fprintf(&log, "%v %+v\n", a.Failure, a.Failure)
				}
				told := fmt.Sprintf("%+v %#v %v %s %s %+v", result, result, err, text, log.String(), client)
				for _, shown := range []string{apiKey, apiKey[:16], apiKey[8:]} {
					if strings.Contains(told, shown) {
						t.Fatalf("the key is told: %s", told)
					}
				}
			})
		})
	}
}

func TestTheKeyIsHiddenInAReplyThatEscapesIt(t *testing.T) {
	t.Parallel()
	result, _ := trigger(t, 0, says(401, `{"message":"not \u0062ugster_0123456789abcdef","code":"\u0062ugster_0123456789abcdef"}`))
	if want := (bugster.Reply{Message: "not ***", Code: "***"}); result.Reply != want {
		t.Errorf("reply %+v, want %+v", result.Reply, want)
	}
	if strings.Contains(result.Ending.Sentence, apiKey) {
		t.Errorf("sentence %q, want it without the key", result.Ending.Sentence)
	}
	if want := `{"code":"***","message":"not ***"}`; result.Body != want {
		t.Errorf("body %s, want %s", result.Body, want)
	}
}

// What the vendor's own action does wrong, done right.

// B1: it ends green on a 200 whose body says error.
func TestA200ThatSaysErrorIsRejectedWithItsCodeAndAHint(t *testing.T) {
	t.Parallel()
	result, _ := trigger(t, 0, says(200, invalidProject))
	end := result.Ending
	if end.Outcome != deploy.Rejected || end.Outcome.ExitCode() == 0 || end.Reason != deploy.ReasonInvalidProject {
		t.Errorf("ending %+v, want rejected as invalid-project", end)
	}
	if !strings.Contains(end.Sentence, "INVALID_PROJECT") || !strings.Contains(end.Next, "Project Settings") || result.Reply.Code != "INVALID_PROJECT" {
		t.Errorf("sentence %q, next %q, want the code and where to look", end.Sentence, end.Next)
	}
}

// B4: it sends commit_sha and branch, absent ones as null.
func TestOneOfCommitAndBranchIsSentAndTheOtherIsNot(t *testing.T) {
	t.Parallel()
	onCommit, onBranch := event(t), event(t)
	onBranch.Deployment.Ref = branch(t, "release/1")
	for sent, e := range map[string]bugster.Event{"commit_sha": onCommit, "branch": onBranch} {
		s := &service{steps: []step{says(200, processed)}}
		if _, err := s.client(0).Trigger(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(s.bodies[0]), &fields); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"commit_sha", "branch"} {
			if _, has := fields[name]; has != (name == sent) {
				t.Errorf("the body %s has %s: %v", s.bodies[0], name, has)
			}
		}
	}
}

// B7: it makes one request, and fails on a single 503.
func TestABusyServiceIsAskedAgain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first     step
		ambiguous int
		after     time.Duration
	}{
		"503 with Retry-After":    {says(503, "", "Retry-After", "5"), 0, 5 * time.Second},
		"503 without Retry-After": {says(503, ""), 1, time.Second},
		"429":                     {says(429, ""), 0, time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				result, s := trigger(t, tt.ambiguous, tt.first, says(200, processed))
				if result.Ending.Outcome != deploy.Triggered || len(s.requests) != 2 || time.Since(start) != tt.after {
					t.Errorf("ending %+v after %d requests in %v, want triggered after 2 in %v", result.Ending, len(s.requests), time.Since(start), tt.after)
				}
			})
		})
	}
}

// B8: it ends at a time-out without telling anything.
func TestATimeoutIsToldLikeEveryOtherEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		result, _ := trigger(t, 1, silent)
		if result.Ending.Outcome != deploy.Unknown || result.Ending.Sentence == "" || result.Ending.Next == "" {
			t.Errorf("ending %+v, want unknown with a sentence and what to do", result.Ending)
		}
		if result.Status != 0 || result.Body != "" || len(result.Attempts) != 2 {
			t.Errorf("status %d, body %q, %d attempts, want none, none and 2", result.Status, result.Body, len(result.Attempts))
		}
		if took := time.Since(start); took != 2*time.Minute {
			t.Errorf("took %v, want the call's budget of 2m", took)
		}
	})
}

// B14: it hands the key to curl as an argument, where every user of the
// machine can read it.
func TestTheKeyIsInOneHeaderAndNowhereElse(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var dump strings.Builder
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		_ = r.Write(&dump)
		_, _ = w.Write([]byte(processed))
	}))
	t.Cleanup(server.Close)
	to, err := bugster.Endpoint(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := outbound.NewClient(outbound.Options{UserAgent: "afterdeploy/test"})
	if err != nil {
		t.Fatal(err)
	}
	trigger := &bugster.Client{HTTP: client, Endpoint: to, Key: secret.New(apiKey), Random: func() float64 { return 0 }}
	if result, err := trigger.Trigger(t.Context(), event(t)); err != nil || result.Ending.Outcome != deploy.Triggered {
		t.Fatalf("Trigger = %+v, %v, want triggered", result, err)
	}
	if n := strings.Count(dump.String(), apiKey); n != 1 || got.Header.Get("X-API-KEY") != apiKey {
		t.Errorf("the key is in the request %d times, want once, in its header:\n%s", n, dump.String())
	}
	if strings.Contains(strings.Join(os.Args, " "), apiKey) || strings.Contains(strings.Join(os.Environ(), " "), apiKey) {
		t.Error("the key is in the process's arguments or environment")
	}
}
