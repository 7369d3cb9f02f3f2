package deploy_test

import (
	"path"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pattern, name string
		want          bool
	}{
		"itself":                     {"production", "production", true},
		"whole name only":            {"prod", "production", false},
		"case":                       {"Production", "PRODUCTION", true},
		"star":                       {"preview*", "Preview – web", true},
		"star crosses slashes":       {"railway*", "railway / proj / production", true},
		"star in the middle":         {"a*c", "a/b/c", true},
		"star of nothing":            {"prod*", "prod", true},
		"question mark":              {"qa-?", "qa-1", true},
		"question mark is a slash":   {"a?b", "a/b", true},
		"question mark is one":       {"qa-?", "qa-12", false},
		"set":                        {"qa-[0-9]", "qa-7", true},
		"set in the other case":      {"qa-[A-C]", "qa-b", true},
		"negated set":                {"qa-[^0-9]", "qa-7", false},
		"en dash in the name":        {"preview - web", "Preview – web", true},
		"em dash in the pattern":     {"preview — web", "preview - web", true},
		"minus sign":                 {"a-b", "a−b", true},
		"no-break space":             {"preview web", "preview\u00a0web", true},
		"space around":               {" production ", "production\n", true},
		"escaped star":               {`a\*`, "a*", true},
		"escaped star is no pattern": {`a\*`, "ab", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			glob, err := deploy.ParseGlob(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := glob.Match(tt.name); got != tt.want {
				t.Errorf("ParseGlob(%q).Match(%q) = %v, want %v", tt.pattern, tt.name, got, tt.want)
			}
			if glob.String() != tt.pattern {
				t.Errorf("String() = %q, want %q", glob, tt.pattern)
			}
		})
	}
}

func TestParseGlobRefusesWhatCanNeverMatch(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"", " \t", "qa-[0-9", "a[", "a[]", "ab\\", "[b-a", "x[^"} {
		if glob, err := deploy.ParseGlob(pattern); err == nil || !strings.Contains(err.Error(), "want a name such as") {
			t.Errorf("ParseGlob(%q) = %v, %v, want an error that says what is right", pattern, glob, err)
		}
	}
}

func TestMatchAny(t *testing.T) {
	t.Parallel()
	var globs []deploy.Glob
	for _, pattern := range []string{"production", "preview*"} {
		glob, err := deploy.ParseGlob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		globs = append(globs, glob)
	}
	for name, want := range map[string]bool{"Production": true, "preview/7": true, "staging": false, "": false} {
		if got := deploy.MatchAny(globs, name); got != want {
			t.Errorf("MatchAny(%v, %q) = %v, want %v", globs, name, got, want)
		}
	}
	if deploy.MatchAny(nil, "production") {
		t.Error("no pattern matches a name")
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("production", "Production")
	f.Add("preview*", "Preview – web")
	f.Add("[a-", "a")
	f.Add("a\\", "a")
	f.Add("*", "\xff/\x00")
	f.Add("[!-~]", "/")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		all, err := deploy.ParseGlob("*")
		if err != nil || !all.Match(name) {
			t.Errorf("* does not match %q (%v)", name, err)
		}
		glob, err := deploy.ParseGlob(pattern)
		if (err == nil) != readable(pattern) {
			t.Errorf("ParseGlob(%q) = %v, want an error exactly where a pattern cannot be read", pattern, err)
		}
		if err != nil {
			if glob.Match(name) && strings.TrimSpace(name) != "" {
				t.Errorf("the pattern %q is refused and yet matches %q", pattern, name)
			}
			return
		}
		if !strings.ContainsAny(pattern, `*?[\`) {
			for _, variant := range []string{pattern, swapASCII(pattern), strings.ReplaceAll(pattern, "-", "–"), " " + pattern} {
				if !glob.Match(variant) {
					t.Errorf("ParseGlob(%q) does not match %q", pattern, variant)
				}
			}
		}
		if got := glob.Match(name); got != glob.Match(swapASCII(name)) || got != glob.Match(strings.ReplaceAll(name, "-", "—")) {
			t.Errorf("ParseGlob(%q): case or dashes of %q make a difference", pattern, name)
		}
	})
}

// readable holds for a pattern that is there and that package path can read.
func readable(pattern string) bool {
	pattern = strings.TrimSpace(pattern)
	_, err := path.Match(strings.ToLower(strings.NewReplacer("–", "-", "—", "-").Replace(pattern)), "")
	return pattern != "" && err == nil
}

// swapASCII turns the case of every ASCII letter.
func swapASCII(text string) string {
	turned := []byte(text)
	for i, c := range turned {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			turned[i] = c ^ 0x20
		}
	}
	return string(turned)
}
