package deploy_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

const sha = "0123456789abcdef0123456789abcdef01234567"

func TestParseCommit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"whole SHA-1":          {sha, sha},
		"whole SHA-256":        {sha + sha[:24], sha + sha[:24]},
		"abbreviated":          {"abc1234", "abc1234"},
		"upper case is folded": {"ABC1234", "abc1234"},
		"too short":            {"abc123", ""},
		"too long":             {strings.Repeat("a", 65), ""},
		"not hexadecimal":      {"abc123g", ""},
		"full-width digits":    {"１２３４５６７", ""},
		"no commit":            {strings.Repeat("0", 40), ""},
		"white space":          {"abc1234 ", ""},
		"branch":               {"main", ""},
		"empty":                {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ref, err := deploy.ParseCommit(tt.in)
			if ref.Commit() != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("ParseCommit(%q) = %q, %v, want %q", tt.in, ref.Commit(), err, tt.want)
			}
		})
	}
}

func TestParseBranch(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"short":                   {"main", "main"},
		"whole ref":               {"refs/heads/feature/x", "feature/x"},
		"dashes, dots and digits": {"release-1.2", "release-1.2"},
		"other scripts":           {"фича/ü", "фича/ü"},
		"seven hex digits":        {"deadbee", "deadbee"},
		"not UTF-8":               {"caf\xe9", ""},
		"tag":                     {"refs/tags/v1", ""},
		"pull request":            {"refs/pull/7/merge", ""},
		"heads twice":             {"refs/heads/refs/heads/main", ""},
		"whole commit":            {sha, ""},
		"commit as a ref":         {"refs/heads/" + sha, ""},
		"detached":                {"HEAD", ""},
		"at":                      {"@", ""},
		"empty":                   {"", ""},
		"empty below heads":       {"refs/heads/", ""},
		"space":                   {"my branch", ""},
		"newline":                 {"main\n::error::x", ""},
		"two dots":                {"a..b", ""},
		"reflog":                  {"a@{1}", ""},
		"leading dash":            {"-f", ""},
		"hidden part":             {"a/.b", ""},
		"lock":                    {"a.lock/b", ""},
		"trailing slash":          {"a/", ""},
		"double slash":            {"a//b", ""},
		"trailing dot":            {"a.", ""},
		"glob":                    {"a*", ""},
		"delete":                  {"a\x7f", ""},
		"very long":               {strings.Repeat("a", 1025), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ref, err := deploy.ParseBranch(tt.in)
			if ref.Branch() != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("ParseBranch(%q) = %q, %v, want %q", tt.in, ref.Branch(), err, tt.want)
			}
		})
	}
}

func FuzzRefIsACommitOrABranch(f *testing.F) {
	for _, text := range []string{"", sha, "abc1234", "main", "refs/heads/main", "refs/tags/v1", "a\x00b", "caf\xe9", "::error::x", strings.Repeat("0", 40)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		commit, commitErr := deploy.ParseCommit(text)
		branch, branchErr := deploy.ParseBranch(text)
		for parser, parsed := range map[string]struct {
			ref deploy.Ref
			err error
		}{"ParseCommit": {commit, commitErr}, "ParseBranch": {branch, branchErr}} {
			named := 0
			for _, name := range []string{parsed.ref.Commit(), parsed.ref.Branch()} {
				if name != "" {
					named++
				}
				if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.Contains(name, " ") {
					t.Errorf("%s(%q) lets %q through", parser, text, name)
				}
			}
			if parsed.err != nil && (named != 0 || !parsed.ref.IsZero()) {
				t.Errorf("%s(%q) = %v and an error, want the zero Ref", parser, text, parsed.ref)
			}
			if parsed.err == nil && named != 1 {
				t.Errorf("%s(%q) names %d of commit and branch, want 1", parser, text, named)
			}
		}
		if commit.Branch() != "" || branch.Commit() != "" {
			t.Errorf("%q: a commit became a branch, or the other way round", text)
		}
		if deploy.IsFullSHA(text) && branchErr == nil {
			t.Errorf("ParseBranch(%q) takes a commit", text)
		}
		if again, err := deploy.ParseBranch(branch.Branch()); branchErr == nil && (err != nil || again != branch) {
			t.Errorf("ParseBranch(%q) = %v, %v, want %v again", branch.Branch(), again, err, branch)
		}
	})
}

func TestPullRequestOfQueue(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		branch string
		want   int
	}{
		"queue":                 {"gh-readonly-queue/main/pr-12-" + sha, 12},
		"base with slashes":     {"gh-readonly-queue/release/1.x/pr-7-" + sha, 7},
		"base that looks alike": {"gh-readonly-queue/pr-3-x/pr-999999999-" + sha, 999999999},
		"SHA-256":               {"gh-readonly-queue/main/pr-1-" + sha + sha[:24], 1},
		"leading zero":          {"gh-readonly-queue/main/pr-012-" + sha, 0},
		"too many digits":       {"gh-readonly-queue/main/pr-1234567890-" + sha, 0},
		"short hash":            {"gh-readonly-queue/main/pr-12-abc1234", 0},
		"no base":               {"gh-readonly-queue/pr-12-" + sha, 0},
		"more behind":           {"gh-readonly-queue/main/pr-12-" + sha + "-x", 0},
		"more before":           {"x/gh-readonly-queue/main/pr-12-" + sha, 0},
		"common branch":         {"main", 0},
		"empty":                 {"", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := deploy.PullRequestOfQueue(tt.branch); got != tt.want {
				t.Errorf("PullRequestOfQueue(%q) = %d, want %d", tt.branch, got, tt.want)
			}
		})
	}
}
