package bugster_test

import (
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
)

const config = `# Bugster
project_name: Shop
project_id: shop-1756145574
base_url: http://localhost:3000
credentials:
  - id: admin
    username: admin
    password: hunter2
x-vercel-protection-bypass: hunter2
preferences:
  tests: {limit: 5, always_run: [a, b]}
`

func TestProjectID(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"a whole file":    {config, "shop-1756145574"},
		"quoted":          {`project_id: "shop-1"`, "shop-1"},
		"white space":     {`project_id: " shop-1 "`, "shop-1"},
		"a number":        {"project_id: 1756145574", "1756145574"},
		"with CRLF":       {"project_name: x\r\nproject_id: shop-1\r\n", "shop-1"},
		"null":            {"project_id:", ""},
		"another field":   {"project: shop-1", ""},
		"comments alone":  {"# nothing\n", ""},
		"an empty file":   {"", ""},
		"below something": {"a:\n  project_id: x\n", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := bugster.ProjectID([]byte(tt.text)); err != nil || got != tt.want {
				t.Errorf("ProjectID(%q) = %q, %v, want %q", tt.text, got, err, tt.want)
			}
		})
	}
}

func TestABadConfigIsNamedByItsPositionAndNotByItsText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"bad indentation": {strings.Replace(config, "    password", "   password", 1), "["},
		"a tab":           {config + "\tx: 1\n", "["},
		"open bracket":    {strings.Replace(config, "[a, b]}", "[a, b", 1), "[11:"},
		"a map":           {"project_name: x\nproject_id: {a: hunter2}\n", "[2:13]"},
		"a list":          {"project_name: x\nproject_id: [hunter2]\n", "[2:13]"},
		"twice":           {config + "project_id: other\n", "[12:1]"},
		"no map":          {"- hunter2\n", "[1:1]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := bugster.ProjectID([]byte(tt.text))
			if err == nil || got != "" {
				t.Fatalf("ProjectID(%q) = %q, %v, want an error", tt.text, got, err)
			}
			if !strings.Contains(err.Error(), ".bugster/config.yaml: "+tt.want) {
				t.Errorf("error %q, want one with the file and %s", err, tt.want)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error shows text of the file: %v", err)
			}
		})
	}
}

func FuzzProjectID(f *testing.F) {
	f.Add(config)
	f.Add("project_id: &a [*a]")
	f.Add("a: b: c")
	f.Add("project_id: !!binary x")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			t.Skip()
		}
		got, err := bugster.ProjectID([]byte(text))
		if err != nil && got != "" || got != strings.TrimSpace(got) {
			t.Errorf("ProjectID(%q) = %q, %v, want a project or an error", text, got, err)
		}
	})
}
