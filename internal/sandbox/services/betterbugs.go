package services

import "time"

func betterBugs() map[string]func(Options) event {
	return map[string]func(Options) event{
		"report": func(o Options) event { return event{body: report(o)} },
		"verify": func(Options) event { return event{} },
	}
}

func report(o Options) payload {
	id := hexID("betterbugs report", o.Serial, 24)
	user := hexID("betterbugs user", 0, 24)
	return payload{
		"customFields": payload{"team": "checkout", "component": "cart"},
		"bugId":        id,
		"projectId":    hexID("betterbugs project", 0, 24),
		"workspaceId":  hexID("betterbugs workspace", 0, 24),
		"userId":       user,
		"title":        "The cart is empty after a second login",
		"description": `<p style="visibility: visible;"><strong>Summary:</strong></p><p>The cart loses its items after logging in again.</p>` +
			`<p><strong>Steps:</strong></p><ol><li>Put something into the cart</li><li>Log out and in</li></ol>`,
		"status": "OPEN", "priority": "HIGH", "type": "screenshot",
		"createdAt": millis(o.Now.Add(-9 * time.Second)), "updatedAt": millis(o.Now),
		"metadata":      []any{payload{"title": "Browser", "value": "Chrome 126"}},
		"assignees":     []any{payload{"email": "quinn@example.com", "id": user, "name": "quinn"}},
		"sessionUrl":    "https://app.betterbugs.io/session/" + id,
		"screenshotUrl": "https://cdn.betterbugs.io/workspace/" + id + "/s.png",
	}
}
