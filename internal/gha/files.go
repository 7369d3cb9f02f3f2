package gha

import (
	"crypto/rand"
	"fmt"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

// SetOutput sets an output of the step for later steps. Where there is no
// output file, it prints the output instead, if it has a value.
//
// The value goes between delimiters that nobody can guess: with a constant
// one, as in go-githubactions, a value that holds it could set other outputs.
func (r *Runner) SetOutput(name, value string) error {
	if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`).MatchString(name) {
		return fmt.Errorf("set output %q: want a name of letters, digits, - and _", name)
	}
	value = strings.ReplaceAll(strings.ToValidUTF8(value, "\ufffd"), "\x00", "")
	delimiter := "afterdeploy_" + rand.Text()
	if strings.Contains(value, delimiter) {
		return fmt.Errorf("set output %q: the value holds the random delimiter", name)
	}
	written, err := r.appendTo("GITHUB_OUTPUT", name+"<<"+delimiter+"\n"+value+"\n"+delimiter+"\n")
	if !written && value != "" {
		r.Log(name + "=" + value)
	}
	return err
}

// mostSummary is GitHub's limit for one step, in bytes. A longer summary is
// dropped whole.
const mostSummary = 1 << 20

// Summarize sets the step's summary, in Markdown. A text over 1 MiB is cut at
// the end of a line. Where there is no summary file, it prints the text.
func (r *Runner) Summarize(markdown string) error {
	markdown = cut(strings.ToValidUTF8(markdown, "\ufffd"), mostSummary)
	written, err := r.appendTo("GITHUB_STEP_SUMMARY", markdown)
	if !written {
		r.Log(markdown)
	}
	return err
}

// cut shortens text to at most a number of bytes, at the end of a line where
// there is one.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const note = "\n\nThe rest was cut.\n"
	end := most - len(note)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	text = text[:end]
	if at := strings.LastIndexByte(text, '\n'); at > 0 {
		text = text[:at]
	}
	return text + note
}

// appendTo writes to a file that the runner made before the step. The file is
// not created: one that is missing is one that nobody reads, as in act's host
// mode.
func (r *Runner) appendTo(variable, text string) (written bool, err error) {
	path := r.getenv(variable)
	if path == "" {
		return false, nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("write %s: %w", variable, err)
	}
	if _, err = file.WriteString(text); err != nil {
		_ = file.Close()
		return false, fmt.Errorf("write %s: %w", variable, err)
	}
	if err = file.Close(); err != nil {
		return false, fmt.Errorf("write %s: %w", variable, err)
	}
	return true, nil
}
