# builds: chapters/03-http/serve.c
# builds: chapters/00-sockets/tcp-client.c
load ../../lib/exercises

@test "each key has an answer, and there is a why" {
    all_filled head_says get_begins_at get_bytes known_bytes
    as_given name size
}

# points: 1
@test "the length that the answer to HEAD gives" {
    hint "HEAD asks: what would you tell me of the file, if I asked for it by GET?"
    holds head_says
}

# points: 1
@test "where the answer to GET begins" {
    hint "it begins where the answer to HEAD ends; what is that one's last byte?"
    holds get_begins_at
}

# points: 1
@test "how many bytes the answer to GET has" {
    hint "each line has a \\r\\n, and the blank line is one more of them"
    holds get_bytes
}

# points: 1
@test "how many bytes it is to be told that nothing has changed" {
    hint "the task tells which fields a 304 has here; what comes behind its blank line?"
    holds known_bytes
}

# holds KEY: the prediction is what is counted, exactly.
holds() {
    did "asked serve for $(given name), $(given size) bytes: by HEAD, by GET, by GET with a date"
    [[ -s $BATS_FILE_TMPDIR/counted ]] || count >"$BATS_FILE_TMPDIR/counted"
    near "$1" "$(sed -n "s/^$1 = //p" "$BATS_FILE_TMPDIR/counted")" 0
}

# count: plays it, and prints "key = value" for each key.
count() {
    local site=$BATS_TEST_TMPDIR/site answers=$BATS_TEST_TMPDIR/answers name begins
    name=$(given name)
    mkdir "$site"
    head -c "$(given size)" /dev/zero | tr '\0' x >"$site/$name"
    touch -d '1994-11-06 08:49:37 UTC' "$site/$name"
    start_server "$BUILD_DIR/serve" -d "$site" >&2
    printf '%s /%s HTTP/1.1\r\nHost: a\r\n%b\r\n' HEAD "$name" '' GET "$name" '' GET "$name" \
        'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n' |
        "$BUILD_DIR/tcp-client" "$ADDRESS" "$PORT" >"$answers"
    mapfile -t begins < <(grep -abo 'HTTP/1\.1 ' "$answers" | cut -d : -f 1)
    if ((${#begins[@]} != 3)); then
        ended_as grader-error "there are ${#begins[@]} answers instead of 3" >&2
        return 1
    fi
    echo "head_says = $(sed -n 's/^Content-Length: \([0-9]*\).*/\1/p' "$answers" | head -n 1)"
    echo "get_begins_at = ${begins[1]}"
    echo "get_bytes = $((begins[2] - begins[1]))"
    echo "known_bytes = $(($(stat -c %s "$answers") - begins[2]))"
    kill "$SERVER"
}
