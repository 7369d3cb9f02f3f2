// Package transfer moves rows from one database to another, of whatever kind,
// as lines of JSON. It knows no table: whoever owns one names it.
package transfer

import (
	"encoding/json"
	"fmt"
)

// Row is one row of a table.
type Row struct {
	Table  string           `json:"table"`
	Values map[string]Value `json:"row"`
}

// Value is what a column holds: nothing, a number, text or bytes.
type Value struct{ Any any }

// bytes is how bytes stand in JSON, which has only text.
type bytes struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements [json.Marshaler].
func (v Value) MarshalJSON() ([]byte, error) {
	if b, ok := v.Any.([]byte); ok {
		return json.Marshal(bytes{b})
	}
	return json.Marshal(v.Any)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (v *Value) UnmarshalJSON(text []byte) error {
	var (
		number int64
		words  string
		raw    bytes
	)
	switch {
	case string(text) == "null":
		v.Any = nil
	case text[0] == '"':
		err := json.Unmarshal(text, &words)
		v.Any = words
		return err
	case text[0] == '{':
		err := json.Unmarshal(text, &raw)
		v.Any = append([]byte{}, raw.Base64...)
		return err
	default:
		if err := json.Unmarshal(text, &number); err != nil {
			return fmt.Errorf("value %s: want null, a whole number, text or bytes", text)
		}
		v.Any = number
	}
	return nil
}

// size is about how many bytes a row has.
func (r Row) size() int {
	size := 0
	for _, v := range r.Values {
		switch x := v.Any.(type) {
		case string:
			size += len(x)
		case []byte:
			size += len(x)
		}
	}
	return size
}
