package bitrise

import (
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
)

// Script says what the stand-in knows and how it misbehaves: the "bitrise:"
// section of a sandbox script. The zero Script has one app without a webhook.
type Script struct {
	// Token is the access token it accepts.
	Token string `yaml:"token"`
	// Apps are the slugs it knows.
	Apps []string `yaml:"apps"`
	// Repository is the apps', as owner/name.
	Repository string       `yaml:"repository"`
	Webhooks   []Webhook    `yaml:"webhooks"`
	Faults     []rest.Fault `yaml:"faults"`
	// Page is the most entries of one page. 0: 50.
	Page int `yaml:"page"`

	// Plain answers a creation or an update without the envelope {"data": …}.
	Plain bool `yaml:"plain"`
	// CreatedIs200 answers 200 to a creation, and not 201.
	CreatedIs200 bool `yaml:"created-is-200"`
}

// DefaultToken is what the zero Script accepts. It is no secret.
const DefaultToken = "bitrise_sandbox_token"

// Webhook is a webhook that is there from the start.
type Webhook struct {
	Slug       string            `yaml:"slug"` // "": the next free one
	App        string            `yaml:"app"`
	URL        string            `yaml:"url"`
	Events     []string          `yaml:"events"`
	Headers    map[string]string `yaml:"headers"`
	Secret     string            `yaml:"secret"`
	Deliveries []Delivery        `yaml:"deliveries"`
}

// Delivery is a try of a webhook.
type Delivery struct {
	Slug    string        `yaml:"slug"`
	Event   string        `yaml:"event"` // build/triggered or build/finished
	Payload string        `yaml:"payload"`
	Status  int           `yaml:"status"` // 0: there was no answer
	Ago     time.Duration `yaml:"ago"`
}
