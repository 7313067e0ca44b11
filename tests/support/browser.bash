# A browser without a window, driven by the WebDriver protocol (https://www.w3.org/TR/webdriver2/).

# Starts chromedriver on a port of its own, for all tests of a file: browser_stop, in teardown_file(), stops it.
browser_start() {
    local log=$BATS_FILE_TMPDIR/driver.log
    : >"$log"
    chromedriver --port=0 >"$log" 2>&1 3>&- 4>&- &
    echo $! >"$BATS_FILE_TMPDIR/driver.pid"
    local port='' try
    for try in {1..600}; do
        port=$(sed -nE 's/.*started successfully on port ([0-9]+).*/\1/p' "$log")
        [ -n "$port" ] && break
        sleep 0.1
    done
    [ -n "$port" ] || { cat "$log"; return 1; }
    echo "http://127.0.0.1:$port" >"$BATS_FILE_TMPDIR/driver.url"
}

browser_stop() {
    local session
    for session in "$BATS_FILE_TMPDIR"/session-*; do
        [ ! -s "$session" ] || driver DELETE "/session/$(cat "$session")" >/dev/null
    done
    [ ! -s "$BATS_FILE_TMPDIR/driver.pid" ] || kill "$(cat "$BATS_FILE_TMPDIR/driver.pid")"
}

# $1: POST or GET; $2: path; $3: body. Prints the value of the answer.
driver() {
    local answer
    answer=$(curl --silent --show-error --noproxy '*' --request "$1" --header 'Content-Type: application/json' \
        ${3:+--data-binary "$3"} "$(cat "$BATS_FILE_TMPDIR/driver.url")$2") || return 1
    if jq -e '.value | type == "object" and has("error")' >/dev/null <<<"$answer"; then
        jq -r '.value | .error + ": " + .message' <<<"$answer" >&2
        return 1
    fi
    jq -c .value <<<"$answer"
}

# browser_open WIDTH COLOUR-SCHEME: a window of that width, light or dark. The width is that of a phone's screen or a
# window's alike. To start a browser takes a second of CPU time: a test goes on with the one of the tests before.
browser_open() {
    local options kept=$BATS_FILE_TMPDIR/session-$1-$2
    [ -s "$BATS_FILE_TMPDIR/driver.url" ] || browser_start
    if [ -s "$kept" ]; then
        SESSION=$(cat "$kept")
        browser_console >/dev/null
        return
    fi
    options=$(jq -n --argjson width "$1" --arg dark "$2" '{capabilities: {alwaysMatch: {browserName: "chrome",
        "goog:loggingPrefs": {browser: "ALL"},
        "goog:chromeOptions": {args: (["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--hide-scrollbars"] + (if $dark == "dark" then ["--blink-settings=preferredColorScheme=0"] else
            ["--blink-settings=preferredColorScheme=1"] end)),
            mobileEmulation: {deviceMetrics: {width: $width, height: 900, pixelRatio: 1, touch: false, mobile: ($width < 600)}}}}}}')
    SESSION=$(driver POST /session "$options" | jq -r .sessionId) && [ -n "$SESSION" ] && echo "$SESSION" >"$kept"
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
