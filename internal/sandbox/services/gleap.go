package services

import "time"

func gleap() map[string]func(Options) event {
	return map[string]func(Options) event{
		"BUG_CREATED": func(o Options) event { return event{body: ticket(o)} },
	}
}

func ticket(o Options) payload {
	id := hexID("gleap ticket", o.Serial, 24)
	const files = "https://files.example.com/gleap/"
	return payload{
		"action": "BUG_CREATED",
		"type":   "BUG",
		"data": payload{
			"priority": "LOW", "type": "BUG", "status": "OPEN",
			"shareToken": "share-" + hexID("gleap share", o.Serial, 24), "secretShareToken": "secret-" + hexID("gleap secret", o.Serial, 24),
			"reportedBy": "quinn@example.com", "lexorank": "0|r0002f:", "bugId": 80 + o.Serial,
			"generatingScreenshot": false, "screenshotLive": true, "generatingReplay": false,
			"replayRenderingFailed": false, "replayLive": false, "hasWebReplay": true,
			"metaData": payload{
				"browserName": "Chrome(126.0)", "userAgent": "Mozilla/5.0 (X11; Linux x86_64)", "browser": "Netscape",
				"systemName": "Linux", "buildVersionNumber": "512", "releaseVersionNumber": "4.2.0",
				"sessionDuration": 221.667, "devicePixelRatio": 2, "screenWidth": 1440, "screenHeight": 900,
				"innerWidth": 1440, "innerHeight": 735, "currentUrl": o.URL + "/cart?session=private#top",
				"language": "de", "mobile": false, "sdkVersion": "14.0.0", "sdkType": "javascript", "environment": "prod",
			},
			"session":     payload{"id": "user-7", "name": "Quinn", "email": "quinn@example.com"},
			"consoleLog":  []any{payload{"log": "TypeError: cart is undefined", "priority": "ERROR"}},
			"networkLogs": []any{payload{"url": "https://api.example.com/cart", "request": payload{"headers": payload{"authorization": "Bearer private"}}}},
			"description": "The cart is empty after I log in again.",
			"project":     "SAMPLE", "organisation": hexID("gleap organisation", 0, 24),
			"createdAt": millis(o.Now.Add(-15 * time.Second)), "updatedAt": millis(o.Now), "__v": 0,
			"screenshotDataUrl": files + "screenshotdata/" + id + ".html", "replayDataUrl": files + "replays/" + id + ".replay",
			"replayStartDate": millis(o.Now.Add(-4 * time.Minute)), "screenshotUrl": files + id + ".jpg", "id": id,
		},
	}
}
