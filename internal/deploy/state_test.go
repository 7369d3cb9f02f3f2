package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// documented are the words of GitHub, of workflow and check runs and of the
// endpoint, with the state that each is sent as.
var documented = map[string]deploy.State{
	"success": deploy.Success,

	"failure": deploy.Error, "error": deploy.Error, "failed": deploy.Error, "timed_out": deploy.Error,
	"startup_failure": deploy.Error, "action_required": deploy.Error,

	"cancelled": deploy.Cancelled, "canceled": deploy.Cancelled, "inactive": deploy.Cancelled,
	"skipped": deploy.Cancelled, "stale": deploy.Cancelled, "neutral": deploy.Cancelled,

	"queued": deploy.InProgress, "pending": deploy.InProgress, "waiting": deploy.InProgress,
	"requested": deploy.InProgress, "in_progress": deploy.InProgress,
}

func TestParseStateReadsEveryDocumentedWord(t *testing.T) {
	t.Parallel()
	for word, want := range documented {
		for _, spelled := range []string{word, strings.ToUpper(word), " " + word + "\n"} {
			if got, err := deploy.ParseState(spelled); err != nil || got != want {
				t.Errorf("ParseState(%q) = %q, %v, want %q, nil", spelled, got, err, want)
			}
		}
		if !slices.Contains(deploy.States(), want) {
			t.Errorf("%q is sent as %q, which is not in States()", word, want)
		}
	}
}

func TestOnlySuccessBecomesSuccessInEveryCaseVariant(t *testing.T) {
	t.Parallel()
	for word, want := range documented {
		letters := min(len(word), 12) // 4096 variants are enough of a word
		for bits := range 1 << letters {
			variant := []byte(word)
			for i := range letters {
				if c := variant[i]; bits>>i&1 == 1 && 'a' <= c && c <= 'z' {
					variant[i] = c - 'a' + 'A'
				}
			}
			if got, err := deploy.ParseState(string(variant)); err != nil || got != want {
				t.Fatalf("ParseState(%q) = %q, %v, want %q, nil", variant, got, err, want)
			}
		}
	}
}

func FuzzNoOtherWordBecomesSuccess(f *testing.F) {
	for word := range documented {
		f.Add(word)
	}
	for _, word := range []string{"", "succeeded", "successful", "ſuccess", "success.", "succ\u200bess", "ok", "passed", "null", "true", "ready", "promoted", "unsuccess", "success failure"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		want, known := documented[lowerASCII(strings.TrimSpace(word))]
		got, err := deploy.ParseState(word)
		if got == deploy.Success && want != deploy.Success {
			t.Errorf("ParseState(%q) = success", word)
		}
		if known && got != want {
			t.Errorf("ParseState(%q) = %q, want %q", word, got, want)
		}
		if (err == nil) != (got != "") {
			t.Errorf("ParseState(%q) = %q, %v, want a state or an error", word, got, err)
		}
	})
}

// lowerASCII is a fold of its own, so that a letter which merely folds to one
// of success (as the long s does) is seen.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, text)
}

func TestParseStateNamesTheWordAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	_, err := deploy.ParseState("succeeded")
	if err == nil {
		t.Fatal(`ParseState("succeeded") is no error`)
	}
	for _, part := range []string{`"succeeded"`, "success", "failure", "cancelled", "in_progress"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not name %s", err, part)
		}
	}
}
