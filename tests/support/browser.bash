# A browser without a window, driven by the WebDriver protocol (https://www.w3.org/TR/webdriver2/).

# Starts chromedriver on a port of its own; stop it with browser_stop.
browser_start() {
    : >"$BATS_TEST_TMPDIR/driver.log"
    chromedriver --port=0 >"$BATS_TEST_TMPDIR/driver.log" 2>&1 3>&- 4>&- &
    DRIVER=$!
    local port='' try
    for try in {1..600}; do
        port=$(sed -nE 's/.*started successfully on port ([0-9]+).*/\1/p' "$BATS_TEST_TMPDIR/driver.log")
        [ -n "$port" ] && break
        sleep 0.1
    done
    [ -n "$port" ] || { cat "$BATS_TEST_TMPDIR/driver.log"; return 1; }
    DRIVER_URL=http://127.0.0.1:$port
}

browser_stop() {
    [ -n "${SESSION:-}" ] && browser_close
    [ -n "${DRIVER:-}" ] && kill "$DRIVER" && wait "$DRIVER" 2>/dev/null
    DRIVER=
}

# $1: POST or GET; $2: path; $3: body. Prints the value of the answer.
driver() {
    local answer
    answer=$(curl --silent --show-error --noproxy '*' --request "$1" --header 'Content-Type: application/json' \
        ${3:+--data-binary "$3"} "$DRIVER_URL$2") || return 1
    if jq -e '.value | type == "object" and has("error")' >/dev/null <<<"$answer"; then
        jq -r '.value | .error + ": " + .message' <<<"$answer" >&2
        return 1
    fi
    jq -c .value <<<"$answer"
}

# browser_open WIDTH COLOUR-SCHEME: a window of that width, light or dark. The width is that of a phone's screen or a
# window's alike.
browser_open() {
    local options
    options=$(jq -n --argjson width "$1" --arg dark "$2" '{capabilities: {alwaysMatch: {browserName: "chrome",
        "goog:loggingPrefs": {browser: "ALL"},
        "goog:chromeOptions": {args: (["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--hide-scrollbars"] + (if $dark == "dark" then ["--blink-settings=preferredColorScheme=0"] else
            ["--blink-settings=preferredColorScheme=1"] end)),
            mobileEmulation: {deviceMetrics: {width: $width, height: 900, pixelRatio: 1, touch: false, mobile: ($width < 600)}}}}}}')
    SESSION=$(driver POST /session "$options" | jq -r .sessionId) && [ -n "$SESSION" ]
}

browser_close() {
    driver DELETE "/session/$SESSION" >/dev/null
    SESSION=
}

browser_visit() {
    driver POST "/session/$SESSION/url" "$(jq -n --arg url "$1" '{url: $url}')" >/dev/null
}

# Runs a function body in the page and prints what it returns, as JSON.
browser_run() {
    driver POST "/session/$SESSION/execute/sync" "$(jq -n --arg script "$1" '{script: $script, args: []}')"
}

# Clicks as a user does: on the element that matches the CSS selector, which must be visible.
browser_click() {
    local element
    element=$(driver POST "/session/$SESSION/element" \
        "$(jq -n --arg selector "$1" '{using: "css selector", value: $selector}')" | jq -r '.[]') || return 1
    driver POST "/session/$SESSION/element/$element/click" '{}' >/dev/null
}

# Everything the page wrote to the console, errors of the browser included, a line each.
browser_console() {
    driver POST "/session/$SESSION/se/log" '{"type": "browser"}' | jq -r '.[] | .level + " " + .message'
}

# The whole page as a picture.
browser_picture() {
    driver POST "/session/$SESSION/goog/cdp/execute" \
        '{"cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": true}}' | jq -r .data | base64 -d >"$1"
}
