// Package runner plays the part of GitHub's runner that interprets what a step
// prints and writes: workflow commands in the log, and the output file. It
// follows actions/runner (ActionCommand.cs, FileCommandManager.cs,
// ProcessInvoker.cs), since act leaves much of that out.
package runner

import (
	"fmt"
	"strings"
	"unicode"
)

// Command is a workflow command that the runner would obey.
type Command struct {
	Name       string
	Properties map[string]string
	Data       string
}

// Commands returns the commands in a log, in order.
func Commands(log string) []Command {
	var found []Command
	for _, line := range lines(log) {
		if c, ok := parse(line); ok {
			found = append(found, c)
		}
	}
	return found
}

// lines splits as .NET's StreamReader.ReadLine: at \n, \r\n and a lone \r.
func lines(text string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
}

func parse(line string) (Command, bool) {
	if c, ok := parseV2(line); ok {
		return c, true
	}
	return parseV1(line)
}

// parseV2 reads "::name key=value,…::data" after any white space.
func parseV2(line string) (Command, bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeftFunc(line, whiteSpace), "::")
	if !ok {
		return Command{}, false
	}
	head, data, ok := strings.Cut(rest, "::")
	if !ok {
		return Command{}, false
	}
	return command(head, data, ",", strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%"))
}

// parseV1 reads "##[name key=value;…]data" anywhere in a line.
func parseV1(line string) (Command, bool) {
	at := strings.Index(line, "##[")
	if at < 0 {
		return Command{}, false
	}
	head, data, ok := strings.Cut(line[at+len("##["):], "]")
	if !ok {
		return Command{}, false
	}
	return command(head, data, ";", strings.NewReplacer("%3B", ";", "%0D", "\r", "%0A", "\n", "%5D", "]"))
}

func command(head, data, separator string, unescape *strings.Replacer) (Command, bool) {
	name, properties, _ := strings.Cut(strings.TrimSpace(head), " ")
	if name == "" {
		return Command{}, false
	}
	c := Command{Name: name, Properties: map[string]string{}, Data: unescape.Replace(data)}
	for pair := range strings.SplitSeq(properties, separator) {
		if key, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && value != "" {
			c.Properties[key] = unescape.Replace(value)
		}
	}
	return c, true
}

// whiteSpace is what .NET's String.TrimStart removes.
func whiteSpace(c rune) bool {
	return unicode.Is(unicode.Z, c) || '\t' <= c && c <= '\r' || c == '\u0085'
}

// Output is one output as a step set it.
type Output struct{ Name, Value string }

// Outputs reads an output file, in order.
func Outputs(text string) ([]Output, error) {
	var found []Output
	rest := strings.Split(text, "\n")
	for len(rest) > 0 {
		line := rest[0]
		rest = rest[1:]
		if line == "" {
			continue
		}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			if equals == 0 {
				return found, fmt.Errorf("line %q has no name", line)
			}
			found = append(found, Output{line[:equals], line[equals+1:]})
		case heredoc > 0 && line[heredoc+2:] != "":
			end := -1
			for i, l := range rest {
				if l == line[heredoc+2:] {
					end = i
					break
				}
			}
			if end < 0 {
				return found, fmt.Errorf("output %q does not end in its delimiter", line[:heredoc])
			}
			found = append(found, Output{line[:heredoc], strings.Join(rest[:end], "\n")})
			rest = rest[end+1:]
		default:
			return found, fmt.Errorf("line %q is neither name=value nor name<<delimiter", line)
		}
	}
	return found, nil
}
