// Package gha is everything that a CI runner interprets: inputs, masks, log
// lines, annotations, outputs and the step summary. It wraps
// sethvargo/go-githubactions and mends what that leaves open: text that turns
// into commands, a constant output delimiter, and panics where a file or a
// stream is missing. Outside GitHub it prints plain text.
package gha

import (
	"io"
	"strings"

	"github.com/sethvargo/go-githubactions"
)

// Runner talks to the runner that the process was started by.
type Runner struct {
	act    *githubactions.Action
	out    io.Writer
	getenv func(string) string
	// commands reports whether somebody reads workflow commands in the log.
	commands bool
}

// New makes a Runner that prints to out, one stream for all: the runner does
// not keep the order between stdout and stderr.
func New(out io.Writer, getenv func(string) string) *Runner {
	out = deaf{out}
	return &Runner{
		act:      githubactions.New(githubactions.WithWriter(out), githubactions.WithGetenv(getenv)),
		out:      out,
		getenv:   getenv,
		commands: getenv("GITHUB_ACTIONS") == "true",
	}
}

// deaf swallows write errors: a closed pipe must not keep outputs from being
// written, and the library would panic.
type deaf struct{ w io.Writer }

// Write implements [io.Writer].
func (d deaf) Write(p []byte) (int, error) {
	_, _ = d.w.Write(p)
	return len(p), nil
}

// Input returns an action's input, trimmed, or "".
func (r *Runner) Input(name string) string { return r.act.GetInput(name) }

// shortest is the length below which a mask would hide innocent text: the
// runner even drops job outputs that hold a masked word.
const shortest = 4

// Mask asks the runner to hide a secret in the log, whole and line by line.
// Where nobody reads commands it prints nothing, since that would show it.
func (r *Runner) Mask(secret string) {
	if !r.commands {
		return
	}
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= shortest {
			r.act.AddMask(line)
		}
	}
}

// Log prints text that may come from anywhere. Whatever it holds, no line of
// it is a command to a runner.
func (r *Runner) Log(text string) {
	_, _ = io.WriteString(r.out, Plain(text)+"\n")
}

// Group begins a fold of the log; EndGroup ends it.
func (r *Runner) Group(title string) {
	if !r.commands {
		r.Log(title)
		return
	}
	r.act.Group(oneLine(title))
}

// EndGroup ends the fold that Group began.
func (r *Runner) EndGroup() {
	if r.commands {
		r.act.EndGroup()
	}
}

// Notice makes an annotation that informs.
func (r *Runner) Notice(title, text string) {
	r.annotate("notice", title, text, (*githubactions.Action).Noticef)
}

// Warning makes an annotation that somebody should look at.
func (r *Runner) Warning(title, text string) {
	r.annotate("warning", title, text, (*githubactions.Action).Warningf)
}

// Error makes an annotation that somebody has to act on.
func (r *Runner) Error(title, text string) {
	r.annotate("error", title, text, (*githubactions.Action).Errorf)
}

func (r *Runner) annotate(word, title, text string, issue func(*githubactions.Action, string, ...any)) {
	if !r.commands {
		r.Log(word + ": " + title + ": " + text)
		return
	}
	issue(r.act.WithFieldsMap(map[string]string{"title": oneLine(title)}), "%s", Plain(text))
}

func oneLine(text string) string { return strings.ReplaceAll(Plain(text), "\n", " ") }
