package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// schema is the part of JSON Schema that the cut description uses.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Nullable   bool               `json:"nullable"`
	Enum       []any              `json:"enum"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Additional json.RawMessage    `json:"additionalProperties"`
	Items      *schema            `json:"items"`
	OneOf      []*schema          `json:"oneOf"`
	AnyOf      []*schema          `json:"anyOf"`
	AllOf      []*schema          `json:"allOf"`

	MinLength     *int `json:"minLength"`
	MaxLength     *int `json:"maxLength"`
	MaxProperties *int `json:"maxProperties"`
	MinItems      *int `json:"minItems"`
}

func (d *Description) checkText(s *schema, text []byte, strict bool) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return d.check(s, value, "body", strict)
}

// check reports where a value is not as described. Strict refuses fields that
// are not described too: GitHub drops them silently.
func (d *Description) check(s *schema, value any, where string, strict bool) error {
	if name, isRef := strings.CutPrefix(s.Ref, "#/components/schemas/"); isRef {
		return d.check(d.Schemas[name], value, where, strict)
	}
	if value == nil && s.Nullable {
		return nil
	}
	errs := []error{
		d.checkType(s, value, where, strict),
		d.some(s.OneOf, value, where, strict),
		d.some(s.AnyOf, value, where, strict),
	}
	for _, part := range s.AllOf {
		errs = append(errs, d.check(part, value, where, false))
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		errs = append(errs, fmt.Errorf("%s is %v: want one of %v", where, value, s.Enum))
	}
	return errors.Join(errs...)
}

// some wants a value to be as one of the alternatives.
func (d *Description) some(alternatives []*schema, value any, where string, strict bool) error {
	if len(alternatives) == 0 {
		return nil
	}
	var errs []error
	for _, alternative := range alternatives {
		err := d.check(alternative, value, where, strict)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return fmt.Errorf("%s is as none of the alternatives: %w", where, errors.Join(errs...))
}

func (d *Description) checkType(s *schema, value any, where string, strict bool) error {
	wrong := fmt.Errorf("%s is %T: want %s", where, value, s.Type)
	switch s.Type {
	case "object":
		object, ok := value.(map[string]any)
		if !ok {
			return wrong
		}
		return d.checkObject(s, object, where, strict)
	case "array":
		array, ok := value.([]any)
		if !ok {
			return wrong
		}
		return d.checkArray(s, array, where, strict)
	case "string":
		text, ok := value.(string)
		if number, isNumber := value.(json.Number); isNumber && strings.HasPrefix(where, "query ") {
			text, ok = number.String(), true // in a query all is text
		}
		if !ok {
			return wrong
		}
		return checkLength(s, text, where)
	case "integer", "number":
		number, ok := value.(json.Number)
		if !ok || s.Type == "integer" && strings.ContainsAny(number.String(), ".eE") {
			return wrong
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return wrong
		}
	}
	return nil
}

func (d *Description) checkObject(s *schema, object map[string]any, where string, strict bool) error {
	var errs []error
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			errs = append(errs, fmt.Errorf("%s.%s is missing", where, name))
		}
	}
	for name, value := range object {
		property, described := s.Properties[name]
		switch {
		case described:
			errs = append(errs, d.check(property, value, where+"."+name, strict))
		case strict && len(s.Properties) > 0 && len(s.Additional) == 0:
			errs = append(errs, fmt.Errorf("%s.%s is not described", where, name))
		}
	}
	if s.MaxProperties != nil && len(object) > *s.MaxProperties {
		errs = append(errs, fmt.Errorf("%s has %d fields: want at most %d", where, len(object), *s.MaxProperties))
	}
	return errors.Join(errs...)
}

func (d *Description) checkArray(s *schema, array []any, where string, strict bool) error {
	var errs []error
	if s.MinItems != nil && len(array) < *s.MinItems {
		errs = append(errs, fmt.Errorf("%s has %d items: want at least %d", where, len(array), *s.MinItems))
	}
	if s.Items != nil {
		for i, item := range array {
			errs = append(errs, d.check(s.Items, item, fmt.Sprintf("%s[%d]", where, i), strict))
		}
	}
	return errors.Join(errs...)
}

func checkLength(s *schema, text, where string) error {
	n := utf8.RuneCountInString(text)
	if s.MinLength != nil && n < *s.MinLength || s.MaxLength != nil && n > *s.MaxLength {
		return fmt.Errorf("%s has %d characters: want another length", where, n)
	}
	return nil
}
