package origin_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
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
			archive := readCase(t, name)
			got := show(resolveCase(t, name))
			if os.Getenv("UPDATE") == "1" {
				write(t, file, archive, got)
				return
			}
			if diff := cmp.Diff(section(archive, "want"), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
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

func write(t *testing.T, file string, archive *txtar.Archive, want string) {
	t.Helper()
	files := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != "want" {
			files = append(files, f)
		}
	}
	archive.Files = append(files, txtar.File{Name: "want", Data: []byte(want)})
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
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
	var out bytes.Buffer
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	values := fieldValues(r.Deployment)
	for _, f := range deploy.Fields() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f, dash(values[f]), dash(r.Reasons[f]))
	}
	table.Flush()
	if r.Stop != nil {
		fmt.Fprintf(&out, "stop: %s, %s: %s\n  next: %s\n", r.Stop.Outcome, r.Stop.Reason, r.Stop.Sentence, r.Stop.Next)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&out, "note: %s\n", note)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&out, "warning: %s\n", warning)
	}
	context := reflect.ValueOf(r.Context)
	for i := range context.NumField() {
		if value := context.Field(i); !value.IsZero() {
			fmt.Fprintf(&out, "context: %s %v\n", context.Type().Field(i).Name, value)
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
