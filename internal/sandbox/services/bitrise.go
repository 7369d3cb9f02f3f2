package services

import "net/http"

func bitrise() map[string]func(Options) event {
	return map[string]func(Options) event{
		"build/triggered":                     build("build/triggered", 0),
		"build/finished":                      build("build/finished", 1),
		"build/finished:failed":               build("build/finished", 2),
		"build/finished:aborted":              build("build/finished", 3),
		"build/finished:aborted-with-success": build("build/finished", 4),
	}
}

// BitriseApp is the slug of the app whose builds are played.
func BitriseApp() string { return hexID("bitrise app", 0, 16) }

func build(name string, status int) func(Options) event {
	return func(o Options) event {
		app := BitriseApp()
		return event{
			header: http.Header{"Bitrise-Event-Type": {name}, "Bitrise-App-Id": {app}},
			body: payload{
				"build_slug":               hexID("bitrise build", o.Serial, 16),
				"build_number":             o.Serial,
				"app_slug":                 app,
				"build_status":             status,
				"build_triggered_workflow": "deploy",
				"git": payload{
					"provider": "github", "src_branch": o.Branch,
					"dst_branch": "", "pull_request_id": 0, "tag": "",
				},
			},
		}
	}
}
