package origin_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/golden"
	"github.com/afterdeploy/afterdeploy/internal/origin"
)

// TestResolve resolves each case of testdata/cases: the environment and inputs
// that it lists, with the event of the same name in testdata/events. Run with
// UPDATE=1 to write what is resolved into the cases.
func TestResolve(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden.Part(t, file, "want", []byte(show(resolveCase(t, name))))
		})
	}
}

// TestEveryEventHasACase keeps recorded events from lying about untested.
func TestEveryEventHasACase(t *testing.T) {
	t.Parallel()
	events, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(events) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, file := range events {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if _, err := os.Stat(filepath.Join("testdata", "cases", name+".txtar")); err != nil {
			t.Error(err)
		}
	}
}

// event reads the recorded event, or nothing for the cases of other CIs.
func event(t *testing.T, name string) []byte {
	t.Helper()
	payload, err := os.ReadFile(filepath.Join("testdata", "events", name+".json"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return payload
}

func section(archive *txtar.Archive, name string) string {
	for _, f := range archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// environment reads lines NAME=value.
func environment(lines string) func(string) string {
	env := map[string]string{}
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = value
	}
	return func(name string) string { return env[name] }
}

// given reads inputs by their names.
func given(t *testing.T, lines string) origin.Given {
	t.Helper()
	get := environment(lines)
	g := origin.Given{
		State:       deploy.State(get("deployment-state")),
		Environment: get("environment"),
		URL:         get("environment-url"),
	}
	var err error
	if sha := get("commit-sha"); sha != "" {
		g.Commit, err = deploy.ParseCommit(sha)
	}
	if branch := get("branch"); err == nil && branch != "" {
		g.Branch, err = deploy.ParseBranch(branch)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// show writes a resolution as people would read it.
func show(r origin.Resolution) string {
	var out strings.Builder
	line := func(format string, args ...any) { out.WriteString(fmt.Sprintf(format, args...) + "\n") }
	values := fieldValues(r.Deployment)
	for _, f := range deploy.Fields() {
		line("%-17s %s", f, dash(values[f]))
		line("    %s", r.Reasons[f])
	}
	if r.Stop != nil {
		line("stop: %s, %s: %s %s", r.Stop.Outcome, r.Stop.Reason, r.Stop.Sentence, r.Stop.Next)
	}
	for _, note := range r.Notes {
		line("note: %s", note)
	}
	for _, warning := range r.Warnings {
		line("warning: %s", warning)
	}
	if r.Reported != nil {
		line("reported: %+v", *r.Reported)
	}
	context := reflect.ValueOf(r.Context)
	for i := range context.NumField() {
		if value := context.Field(i); !value.IsZero() {
			line("context: %s %v", context.Type().Field(i).Name, value)
		}
	}
	return out.String()
}

// fieldValues are the fields as texts, empty for none.
func fieldValues(d deploy.Deployment) map[deploy.Field]string {
	values := map[deploy.Field]string{
		deploy.FieldState:           string(d.State),
		deploy.FieldCommit:          d.Ref.Commit(),
		deploy.FieldBranch:          d.Ref.Branch(),
		deploy.FieldEnvironment:     d.Environment,
		deploy.FieldEnvironmentName: d.EnvironmentName,
		deploy.FieldURL:             d.URL,
		deploy.FieldPullRequest:     "",
		deploy.FieldRepository:      d.Repository,
	}
	if d.PullRequest != 0 {
		values[deploy.FieldPullRequest] = strconv.Itoa(d.PullRequest)
	}
	return values
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
