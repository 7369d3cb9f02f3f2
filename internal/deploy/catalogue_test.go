package deploy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// constants returns the values of the constants of a type that this package's
// source declares.
func constants(t *testing.T, file, typeName string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typeName {
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, text)
			}
		}
		return true
	})
	if len(values) == 0 {
		t.Fatalf("%s declares no constant of type %s", file, typeName)
	}
	return values
}

func TestCatalogueHasEveryReasonOnce(t *testing.T) {
	t.Parallel()
	want := constants(t, "reason.go", "Reason")
	var got []string
	for _, entry := range deploy.Catalogue() {
		got = append(got, string(entry.Reason))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reasons in the catalogue (-declared +catalogue):\n%s", diff)
	}
}

func TestEveryEntrySaysWhatItMeansAndWhatToDo(t *testing.T) {
	t.Parallel()
	for _, entry := range deploy.Catalogue() {
		if !slices.Contains(deploy.Outcomes(), entry.Outcome) {
			t.Errorf("%s has the outcome %q, which is none", entry.Reason, entry.Outcome)
		}
		if !isSentence(entry.Meaning) {
			t.Errorf("%s means %q, want a sentence", entry.Reason, entry.Meaning)
		}
		if entry.Next != "" && !isSentence(entry.Next) {
			t.Errorf("%s says to do %q, want a sentence", entry.Reason, entry.Next)
		}
		if entry.Next == "" && entry.Outcome.ExitCode() != 0 && entry.Outcome != deploy.Interrupted {
			t.Errorf("%s is red and says nothing about what to do", entry.Reason)
		}
		if got := deploy.Describe(entry.Reason); got != entry {
			t.Errorf("Describe(%q) = %+v, want %+v", entry.Reason, got, entry)
		}
	}
}

func isSentence(text string) bool {
	return len(text) > 10 && strings.HasSuffix(text, ".") && strings.TrimSpace(text) == text && !strings.Contains(text, "\n")
}

func TestCatalogueIsGroupedByOutcomeInTheOrderOfExitCodes(t *testing.T) {
	t.Parallel()
	var got []deploy.Outcome
	for _, entry := range deploy.Catalogue() {
		got = append(got, entry.Outcome)
	}
	if diff := cmp.Diff(deploy.Outcomes(), slices.Compact(got)); diff != "" {
		t.Errorf("outcomes of the catalogue (-want +got):\n%s", diff)
	}
}

func TestAReasonThatNobodyDescribesIsNeverGood(t *testing.T) {
	t.Parallel()
	for _, reason := range []deploy.Reason{"", "success", "Processed"} {
		if end := deploy.End(reason, ""); end.Outcome != deploy.Unknown || end.Sentence == "" {
			t.Errorf("End(%q) = %+v, want the outcome unknown with a sentence", reason, end)
		}
	}
}

func TestEndTakesTheSentenceOfTheRun(t *testing.T) {
	t.Parallel()
	entry := deploy.Describe(deploy.ReasonConnect)
	for said, want := range map[string]string{"": entry.Meaning, "The cable is cut.": "The cable is cut."} {
		got := deploy.End(deploy.ReasonConnect, said)
		if diff := cmp.Diff(deploy.Ending{Outcome: deploy.Unreachable, Reason: deploy.ReasonConnect, Sentence: want, Next: entry.Next}, got); diff != "" {
			t.Errorf("End(connect, %q) (-want +got):\n%s", said, diff)
		}
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	want := map[deploy.Outcome]int{
		"triggered": 0, "passed": 0, "skipped": 0, "dry-run": 0,
		"failed": 1, "invalid": 2, "rejected": 3, "unreachable": 4, "unknown": 5, "not-ready": 6, "timed-out": 7,
		"cancelled": 130,
	}
	got := map[deploy.Outcome]int{}
	for _, outcome := range deploy.Outcomes() {
		got[outcome] = outcome.ExitCode()
		if !isSentence(outcome.Meaning()) {
			t.Errorf("%s means %q, want a sentence", outcome, outcome.Meaning())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exit codes (-want +got):\n%s", diff)
	}
	var declared []string
	for _, outcome := range deploy.Outcomes() {
		declared = append(declared, string(outcome))
	}
	if diff := cmp.Diff(constants(t, "outcome.go", "Outcome"), declared); diff != "" {
		t.Errorf("Outcomes() (-declared +listed):\n%s", diff)
	}
}

func TestAnOutcomeThatIsNoneIsRed(t *testing.T) {
	t.Parallel()
	for _, outcome := range []deploy.Outcome{"", "Passed", "ok"} {
		if outcome.ExitCode() == 0 || outcome.Meaning() != "" {
			t.Errorf("%q has exit code %d and the meaning %q, want red and none", outcome, outcome.ExitCode(), outcome.Meaning())
		}
	}
}
