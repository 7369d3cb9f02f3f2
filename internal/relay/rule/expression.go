package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// view is an event as expressions see it. Kind and status are plain strings
// there, since the expression language compares no named types.
type view struct {
	event.Event
	Kind   string `expr:"kind"`
	Status string `expr:"status"`
	Raw    any    `expr:"raw"`
}

func viewOf(e event.Event) view {
	v := view{Event: e, Kind: string(e.Kind), Status: string(e.Status)}
	if json.Unmarshal(e.Raw, &v.Raw) != nil {
		v.Raw = nil
	}
	return v
}

// fault is what is wrong in an expression, and where in it, from 0.
type fault struct {
	line, column int
	text         string
}

// compile reads an expression. Its value depends on the event alone, so the
// clock is out of reach.
func compile(text string, options ...expr.Option) (*vm.Program, *fault) {
	program, err := expr.Compile(text, append(options, expr.Env(view{}), expr.DisableBuiltin("now"))...)
	var at *file.Error
	switch {
	case errors.As(err, &at):
		return nil, &fault{max(at.Line-1, 0), at.Column, at.Message}
	case err != nil:
		return nil, &fault{text: err.Error()}
	}
	return program, nil
}

// run evaluates an expression. The error is one line.
func run(program *vm.Program, v view) (any, error) {
	value, err := expr.Run(program, v)
	var at *file.Error
	if errors.As(err, &at) {
		return nil, errors.New(at.Message)
	}
	return value, err
}

// template is text with expressions in ${…}. A template that is one expression
// alone has that expression's value, of any type.
type template []part

// part is literal text, or an expression.
type part struct {
	literal string
	program *vm.Program
}

// parseTemplate reads a template. The place of a fault counts from the
// template's beginning. $${ stands for ${ itself.
func parseTemplate(text string) (template, *fault) {
	var (
		t       template
		literal string
	)
	for at := 0; ; {
		before, _, found := strings.Cut(text[at:], "${")
		if !found {
			return t.with(literal + before), nil
		}
		begin := at + len(before) + len("${")
		if dollar, escaped := strings.CutSuffix(before, "$"); escaped {
			literal, at = literal+dollar+"${", begin
			continue
		}
		end := closing(text, begin)
		if end < 0 {
			return nil, located(text, begin-len("${"), &fault{text: "${ is not closed: want ${expression}"})
		}
		program, wrong := compile(text[begin:end])
		if wrong != nil {
			return nil, located(text, begin, wrong)
		}
		t, literal, at = append(t.with(literal+before), part{program: program}), "", end+1
	}
}

// with adds literal text, if there is any.
func (t template) with(literal string) template {
	if literal == "" {
		return t
	}
	return append(t, part{literal: literal})
}

// located moves a fault from an expression to the text that holds it.
func located(text string, offset int, f *fault) *fault {
	before := text[:offset]
	if f.line == 0 {
		f.column += len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
	}
	f.line += strings.Count(before, "\n")
	return f
}

// closing returns where the } is that ends an expression, or -1. Braces in
// strings and of maps are part of it.
func closing(text string, from int) int {
	depth := 0
	var quote byte
	for i := from; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			return i
		case c == '}':
			depth--
		}
	}
	return -1
}

// constant returns the template's text and whether it is the same for every
// event.
func (t template) constant() (string, bool) {
	switch {
	case len(t) == 0:
		return "", true
	case len(t) == 1 && t[0].program == nil:
		return t[0].literal, true
	}
	return "", false
}

// beginning returns the text that the template's value begins with, and whether
// that is all of it.
func (t template) beginning() (literal string, whole bool) {
	if literal, whole = t.constant(); !whole && t[0].program == nil {
		literal = t[0].literal
	}
	return literal, whole
}

// value evaluates the template and keeps the type of a lone expression.
func (t template) value(v view) (any, error) {
	if len(t) == 1 && t[0].program != nil {
		return run(t[0].program, v)
	}
	return t.string(v)
}

// string evaluates the template to text.
func (t template) string(v view) (string, error) {
	var b strings.Builder
	for _, p := range t {
		if p.program == nil {
			b.WriteString(p.literal)
			continue
		}
		value, err := run(p.program, v)
		if err != nil {
			return "", err
		}
		text, err := textOf(value)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// textOf shows a value in text: nothing as nothing, lists and maps as JSON.
func textOf(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool, int, int64:
		return fmt.Sprint(v), nil
	case fmt.Stringer:
		return v.String(), nil
	}
	text, err := json.Marshal(value)
	return string(text), err
}
