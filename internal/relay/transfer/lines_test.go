package transfer_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/transfer"
)

func row(table, column string, value any) transfer.Row {
	return transfer.Row{Table: table, Values: map[string]transfer.Value{column: {Any: value}}}
}

func write(t testing.TB, list ...transfer.Row) string {
	t.Helper()
	var out bytes.Buffer
	w := transfer.NewWriter(&out)
	for _, r := range list {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func read(text string) (groups [][]transfer.Row, err error) {
	err = transfer.Read(strings.NewReader(text), func(group []transfer.Row) error {
		groups = append(groups, group)
		return nil
	})
	return groups, err
}

func TestGroupsAreOfOneKind(t *testing.T) {
	t.Parallel()
	list := []transfer.Row{
		row("a", "x", int64(1)), row("a", "x", nil), row("a", "y", "1"), row("b", "y", []byte{}),
	}
	groups, err := read(write(t, list...))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]transfer.Row{list[:2], list[2:3], list[3:]}, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	var many []transfer.Row
	for range 1200 {
		many = append(many, row("a", "x", int64(1)))
	}
	large := row("a", "x", make([]byte, 3<<20))
	if groups, err = read(write(t, append(many, large, large, large)...)); err != nil || len(groups) != 4 {
		t.Errorf("%d groups, %v; want two of 500, one of the rest with two that are large, one with the last", len(groups), err)
	}
}

func TestFileIsWhole(t *testing.T) {
	t.Parallel()
	whole := write(t, row("a", "x", int64(1)), row("a", "x", "two"))
	lines := strings.SplitAfter(whole, "\n")
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":           {"", "line 1: the file broke off"},
		"no last line":      {lines[0] + lines[1], "line 3: the file broke off"},
		"half a line":       {lines[0] + lines[1][:10], "line 2: the file broke off"},
		"a line is missing": {lines[0] + lines[2], "the last line counts map[a:2], the file has map[a:1]"},
		"no row":            {"{}\n", "line 1: want a row"},
		"another value":     {`{"table":"a","row":{"x":1.5}}`, "value 1.5: want null, a whole number, text or bytes"},
		"no JSON":           {"id,name\n", "line 1: invalid character"},
	} {
		if _, err := read(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// What is written is read as it was: text stays text, bytes stay bytes.
func FuzzRow(f *testing.F) {
	f.Add("subject", []byte("\x00\xff"), int64(-1))
	f.Add(`{"base64":"AA=="}`, []byte{}, int64(1)<<62)
	f.Fuzz(func(t *testing.T, text string, raw []byte, number int64) {
		text = strings.ToValidUTF8(text, "?") // which a database's text is
		if raw == nil {
			raw = []byte{}
		}
		want := transfer.Row{Table: "t", Values: map[string]transfer.Value{
			"text": {Any: text}, "raw": {Any: raw}, "number": {Any: number}, "null": {},
		}}
		groups, err := read(write(t, want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]transfer.Row{{want}}, groups); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
