package catchup

import (
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// How the log of deliveries writes headers down is not documented.
func TestBitriseEvent(t *testing.T) {
	t.Parallel()
	const finished = `{"build_status": 1}`
	for _, tt := range []struct{ headers, payload, want string }{
		{"Bitrise-App-Id: a\nBitrise-Event-Type: build/triggered\nX-Key: k", finished, "build/triggered"},
		{"bitrise-event-type:build/triggered", finished, "build/triggered"},
		{`{"Bitrise-Event-Type":"build/triggered"}`, finished, "build/triggered"},
		{`{"X":["y"],"Bitrise-Event-Type":["build/triggered"]}`, finished, "build/triggered"},
		{`{"Bitrise-Event-Type"=>"build/triggered"}`, finished, "build/triggered"},
		{`map[Bitrise-Event-Type:[build/triggered] X:[y]]`, finished, "build/triggered"},
		{"Bitrise-Event-Type: something/new_one", finished, "something/new_one"},
		{"", finished, "build/finished"},
		{"X-Key: k", `{"build_status": 0}`, "build/triggered"},
		{"", `{"build_status": "0"}`, "build/triggered"},
		{"", `{"build_status": null}`, "build/finished"},
		{"", `not JSON`, "build/finished"},
	} {
		if got := bitriseEvent(bitrise.Delivery{Headers: secret.New(tt.headers), Payload: tt.payload}); got != tt.want {
			t.Errorf("bitriseEvent(%q, %s) = %q, want %q", tt.headers, tt.payload, got, tt.want)
		}
	}
}
