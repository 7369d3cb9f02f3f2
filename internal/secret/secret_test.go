package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const key = "bugster_0123456789abcdef"

// open has the secret where every encoder looks, closed where only reflection
// does.
type open struct {
	Key   secret.String            `json:"key" yaml:"key" xml:"key"`
	Many  []secret.String          `json:"many" yaml:"many" xml:"many"`
	Named map[string]secret.String `json:"named" yaml:"named" xml:"-"`
	Far   *secret.String           `json:"far" yaml:"far" xml:"far,attr"`
}

type closed struct {
	key   secret.String
	many  []secret.String
	named map[secret.String]secret.String
	far   *secret.String
	any   any
}

// forms are all the ways in which a program holds a secret.
func forms() map[string]any {
	s := secret.New(key)
	return map[string]any{
		"itself":                 s,
		"pointer":                &s,
		"slice":                  []secret.String{s},
		"array":                  [1]secret.String{s},
		"map":                    map[string]secret.String{"key": s},
		"map key":                map[secret.String]int{s: 1},
		"exported fields":        open{Key: s, Many: []secret.String{s}, Named: map[string]secret.String{"a": s}, Far: &s},
		"private fields":         closed{s, []secret.String{s}, map[secret.String]secret.String{s: s}, &s, s},
		"pointer to private":     &closed{key: s, any: &s},
		"struct in an interface": []any{closed{key: s}},
	}
}

// hides fails the test where text holds the secret or a good part of it.
func hides(t *testing.T, how, text string) {
	t.Helper()
	for _, shown := range []string{key, key[:12], key[12:], fmt.Sprintf("%x", key), fmt.Sprintf("%q", key)} {
		if strings.Contains(strings.ToLower(text), shown) {
			t.Errorf("%s shows the secret: %s", how, text)
			return
		}
	}
}

func TestNoVerbShowsIt(t *testing.T) {
	t.Parallel()
	for form, value := range forms() {
		for verb := '!'; verb <= '~'; verb++ {
			for _, flags := range []string{"", "#", "+", "+#", "0", "-40", " ", ".3", "*"} {
				format := "%" + flags + string(verb)
				hides(t, format+" of the "+form, fmt.Sprintf(format, value))
			}
		}
		hides(t, "Sprint of the "+form, fmt.Sprint(value))
		hides(t, "Sprintln of the "+form, fmt.Sprintln("key", value))
		for _, format := range []string{"%d and no more", "%[2]d", "%w", "%!", "%"} {
			hides(t, "the wrong format "+format+" of the "+form, fmt.Sprintf(format, value, value, value))
		}
	}
}

func TestItReadsAsAsterisks(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"%v", "%s", "%q", "%+v", "%#v", "%x", "%d"} {
		if got := fmt.Sprintf(format, secret.New(key)); got != "***" {
			t.Errorf("%s = %q, want ***", format, got)
		}
	}
}

func TestNoErrorShowsIt(t *testing.T) {
	t.Parallel()
	for form, value := range forms() {
		wrap := "call: %w" // of something that is no error
		err := errors.Join(fmt.Errorf("call with %v", value), fmt.Errorf(wrap, value))
		hides(t, "an error with the "+form, err.Error()+fmt.Sprintf("%+v %#v", err, err))
	}
}

func TestNoLoggerShowsIt(t *testing.T) {
	t.Parallel()
	for form, value := range forms() {
		var out bytes.Buffer
		for _, handler := range []slog.Handler{
			slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil).WithGroup("g"),
		} {
			logger := slog.New(handler).With("with", value)
			logger.Info("call", "key", value, slog.Group("group", "inside", value), slog.Any("any", value))
		}
		log.New(&out, "", 0).Print("key ", value)
		if out.Len() == 0 {
			t.Fatal("nothing was logged")
		}
		hides(t, "a log line with the "+form, out.String())
	}
}

func TestNoEncoderShowsIt(t *testing.T) {
	t.Parallel()
	encoders := map[string]func(any) ([]byte, error){
		"json": json.Marshal,
		"yaml": yaml.Marshal,
		"xml":  xml.Marshal,
		"gob": func(v any) ([]byte, error) {
			var out bytes.Buffer
			err := gob.NewEncoder(&out).Encode(v)
			return out.Bytes(), err
		},
	}
	for name, encode := range encoders {
		for form, value := range forms() {
			text, err := encode(value)
			hides(t, name+" of the "+form, fmt.Sprintf("%s %v", text, err))
		}
	}
}

func TestEncodersWriteAsterisks(t *testing.T) {
	t.Parallel()
	s := secret.New(key)
	for name, encoded := range map[string]func() ([]byte, error){
		`"***"`:          func() ([]byte, error) { return json.Marshal(s) },
		"key: \"***\"\n": func() ([]byte, error) { return yaml.Marshal(struct{ Key secret.String }{s}) },
		`<open far="***"><key>***</key><many>***</many></open>`: func() ([]byte, error) {
			return xml.Marshal(open{Key: s, Many: []secret.String{s}, Far: &s})
		},
	} {
		if got, err := encoded(); err != nil || string(got) != name {
			t.Errorf("got %q, %v, want %q", got, err, name)
		}
	}
}

func TestReveal(t *testing.T) {
	t.Parallel()
	if got := secret.New(key).Reveal(); got != key {
		t.Errorf("New(%q).Reveal() = %q", key, got)
	}
	for name, zero := range map[string]secret.String{"zero value": {}, "empty text": secret.New("")} {
		if !zero.IsZero() || zero.Reveal() != "" || zero.Equal("") {
			t.Errorf("%s: IsZero() = %v, Reveal() = %q, Equal(%q) = %v, want no secret, equal to nothing", name, zero.IsZero(), zero.Reveal(), "", zero.Equal(""))
		}
	}
	if secret.New(key).IsZero() {
		t.Error("a secret is taken for none")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{key: true, key + "x": false, key[1:]: false, "": false, strings.ToUpper(key): false, "***": false} {
		if got := secret.New(key).Equal(text); got != want {
			t.Errorf("Equal(%q) = %v, want %v", text, got, want)
		}
	}
}
