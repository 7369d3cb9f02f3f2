package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
)

const (
	formType      = "application/x-www-form-urlencoded"
	multipartType = "multipart/form-data"
)

// mediaType returns a content type without its parameters, folded.
func mediaType(contentType string) string {
	name, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// decode reads a body into an object, by its content type.
func decode(r Request) (object, error) {
	contentType := r.Header.Get("Content-Type")
	switch mediaType(contentType) {
	case formType:
		pairs, err := urlencoded(string(r.Body))
		return tree(pairs), err
	case multipartType:
		_, parameters, err := mime.ParseMediaType(contentType)
		if err != nil {
			return nil, fmt.Errorf("content type %q: want multipart/form-data with a boundary", contentType)
		}
		pairs, err := multiparted(r.Body, parameters["boundary"])
		return tree(pairs), err
	}
	return decodeJSON(r.Body)
}

// decodeJSON reads one JSON object. A byte order mark before it is skipped; an
// empty body is an empty object.
func decodeJSON(body []byte) (object, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(body) == 0 {
		return object{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var o object
	if err := decoder.Decode(&o); err != nil {
		// The decoder quotes the body, which may hold something private.
		return nil, errors.New("not a JSON object")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON object")
	}
	return o, nil
}
