package transfer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// end is the last line, by which a file is known to be whole.
type end struct {
	End map[string]int64 `json:"end"`
}

// Writer writes rows, one a line.
type Writer struct {
	encoder *json.Encoder
	counts  map[string]int64
}

// NewWriter makes a writer. Its [Writer.Close] writes the last line.
func NewWriter(w io.Writer) *Writer {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return &Writer{e, map[string]int64{}}
}

// Write writes one row.
func (w *Writer) Write(r Row) error {
	w.counts[r.Table]++
	if err := w.encoder.Encode(r); err != nil {
		return fmt.Errorf("write row of %s: %w", r.Table, err)
	}
	return nil
}

// Close writes how many rows there are.
func (w *Writer) Close() error {
	if err := w.encoder.Encode(end{w.counts}); err != nil {
		return fmt.Errorf("write last line: %w", err)
	}
	return nil
}

// What is passed on together at most: a database takes 32,766 values.
const (
	mostRows  = 500
	mostBytes = 4 << 20
)

// Read passes rows on in groups that are of one table and have the same columns,
// and refuses a file that broke off.
func Read(r io.Reader, take func([]Row) error) error {
	var (
		group []Row
		size  int
		seen  = map[string]int64{}
	)
	pass := func() error {
		if len(group) == 0 {
			return nil
		}
		err := take(group)
		group, size = nil, 0
		return err
	}
	decoder := json.NewDecoder(r)
	for line := 1; ; line++ {
		var next struct {
			Row
			end
		}
		if err := decoder.Decode(&next); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return fmt.Errorf("line %d: the file broke off: want its last line", line)
			}
			return fmt.Errorf("line %d: %w", line, err)
		}
		if next.End != nil {
			if err := pass(); err != nil {
				return err
			}
			if !maps.Equal(next.End, seen) {
				return fmt.Errorf("the last line counts %v, the file has %v", next.End, seen)
			}
			return nil
		}
		if next.Table == "" || len(next.Values) == 0 {
			return fmt.Errorf("line %d: want a row of a table", line)
		}
		if len(group) > 0 && (!similar(group[0], next.Row) || len(group) == mostRows || size > mostBytes) {
			if err := pass(); err != nil {
				return err
			}
		}
		seen[next.Table]++
		group, size = append(group, next.Row), size+next.size()
	}
}

func similar(a, b Row) bool {
	return a.Table == b.Table && slices.Equal(slices.Sorted(maps.Keys(a.Values)), slices.Sorted(maps.Keys(b.Values)))
}
