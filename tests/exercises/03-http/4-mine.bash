# 4-mine.bash - what the tests of 4-mine.bats are written with
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153 # the tests look at what it sets

# ---- the site, and the server ----

serve_site() {
    SITE=$BATS_TEST_TMPDIR/www/site
    if [[ ! -d $SITE ]]; then
        mkdir -p "$SITE/sub/deep" "$SITE-old"
        echo start >"$SITE/index.html"
        echo below >"$SITE/sub/index.html"
        echo 'p {}' >"$SITE/style.CSS"
        echo text >"$SITE/a b.txt"
        echo bytes >"$SITE/unknown"
        : >"$SITE/empty.html"
        head -c 300000 /dev/urandom >"$SITE/sub/data.png"
        mkfifo "$SITE/fifo"
        echo secret | tee "$SITE-old/plan.txt" >"$SITE/../secret.txt"
        ln -s ../secret.txt "$SITE/link"
        ln -s .. "$SITE/up"
    fi
    serve -P http -d "$SITE"
}

# ---- asking and hearing ----

# page METHOD TARGET: a request, as printf's %b has it.
page() {
    printf '%s %s HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' "$1" "$2"
}

# hear REQUEST: sends it, and the end, and sets HEARD to all that comes until the end.
hear() {
    did "sent $1"
    printf '%b' "$1" >"$BATS_TEST_TMPDIR/asked"
    within 3 "$BUILD_DIR/tcp-client" "$ADDRESS" "$PORT" \
        <"$BATS_TEST_TMPDIR/asked" >"$BATS_TEST_TMPDIR/heard" 2>"$BATS_TEST_TMPDIR/said" || true
    HEARD=$(tr -d '\0' <"$BATS_TEST_TMPDIR/heard")
}

# within SECONDS COMMAND...
within() {
    local seconds=$1
    shift
    timeout "$(LC_ALL=C awk "BEGIN { print $seconds * $TIME_SCALE }")" "$@" 3>&- 4>&-
}

# cut_off: sends what comes on standard input, and no end; fails if the server does not end it.
cut_off() {
    local status=0
    cat >"$BATS_TEST_TMPDIR/asked"
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    exec 7<>"$BATS_TEST_TMPDIR/fifo"
    rm "$BATS_TEST_TMPDIR/fifo"
    cat "$BATS_TEST_TMPDIR/asked" >&7 2>/dev/null 3>&- 4>&- &
    within 2 "$BUILD_DIR/tcp-client" "$ADDRESS" "$PORT" <&7 2>/dev/null || status=$?
    kill $! 2>/dev/null || true
    wait $! 2>/dev/null || true
    exec 7>&-
    ((status != 124))
}

# statuses: of all answers that were heard, in their order.
statuses() {
    grep -aoE 'HTTP/1\.1 [0-9]{3}' "$BATS_TEST_TMPDIR/heard" | cut -d ' ' -f 2 | paste -sd ' '
}

# has_field PATTERN: a line of the (last) head is that, in any case of its letters.
has_field() {
    local head=${FIELDS:-}
    [[ $head ]] || head=$(sed '/^\r*$/q' "$BATS_TEST_TMPDIR/heard" | tr -d '\r\0')
    grep -qiE "^${1/: /:[[:blank:]]*}[[:blank:]]*\$" <<<"$head" || same "a line of the head" "$1" "$head"
}

# A connection that the test itself holds, on descriptor 8.
open_connection() {
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
}

ask() {
    did "sent $1"
    printf '%b' "$1" >"$BATS_TEST_TMPDIR/asked" # the shell itself would write each line by itself
    cat "$BATS_TEST_TMPDIR/asked" >&8 2>/dev/null || true # if it is gone, the answer will tell
}

# take_answer [HEAD]: the next answer on descriptor 8, as long as it says itself (to HEAD: without a
# body). Sets STATUS_CODE, FIELDS (lines) and BODY.
take_answer() {
    local line length seconds=$((3 * MICROSECONDS / 1000000 + 1))
    STATUS_CODE='' FIELDS='' BODY=''
    IFS= read -rt $seconds -u 8 line || true
    [[ $line =~ ^HTTP/1\.1\ ([0-9]{3})\  ]] ||
        same "where an answer should begin" "HTTP/1.1, a status, a reason" "${line:-nothing}"
    STATUS_CODE=${BASH_REMATCH[1]}
    while IFS= read -rt $seconds -u 8 line && [[ $line != $'\r' ]]; do
        FIELDS+=${line%$'\r'}$'\n'
    done
    same "the end of its head" "\r\n" "$(printf %q "$line" | tr -d "\$'")\n"
    length=$(sed -n 's/^content-length:[ \t]*\([0-9]*\)[ \t]*$/\1/Ip' <<<"$FIELDS")
    [[ $length ]] || same "among its fields" "Content-Length: …" "$FIELDS"
    [[ ${1:-} != HEAD && $length != 0 ]] || return 0
    LC_ALL=C IFS= read -rt $seconds -N "$length" -u 8 BODY || true
    same "bytes of its body" "$length" "${#BODY}"
    BODY=${BODY%$'\n'}
}

no_more_descriptors() { (($(descriptor_count "$SERVER") <= $1)); }

# ends: the end comes next on descriptor 8.
ends() {
    local rest='' status=0
    IFS= read -rt $((3 * MICROSECONDS / 1000000 + 1)) -N 20 -u 8 rest || status=$?
    ((status <= 128)) || same "the connection" "ends" "it does not end"
    same "what comes before the end" "" "$rest"
    exec 8>&-
}
