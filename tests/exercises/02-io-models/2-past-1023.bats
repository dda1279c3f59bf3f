load ../../lib/exercises

# Descriptors 0 to 2 and the listener are there; so peer 1020 has 1023. One of them is called Z.
FULL='Z connect
      A*1019 connect
      Z send "z"
      Z recv "z"
      A send "a"
      A recv "a"
      '

@test "it serves two peers at the same time" {
    serve
    talk <<<'A connect
             B connect
             B send "b"
             B recv "b"
             A send "a"
             A recv "a"'
}

@test "1,020 peers are served: 1023 is the last number that fits" {
    hint "the first descriptor is 0, so the last of 1,024 is 1023"
    serve
    talk <<<"$FULL"
}

# points: 2
@test "the peer that would have descriptor 1024 sees the end, at once" {
    hint "a peer that is not served is closed; else it waits for ever"
    serve
    if ! talk <<<"${FULL}B connect
                  B end"; then
        touch "$BATS_FILE_TMPDIR/hopeless" # all that comes now begins like this
        return 1
    fi
    if gone "$SERVER"; then
        got "the end of the server"
        return 1
    fi
}

# points: 2
@test "it looks at the number, and touches no bit beyond 1023" {
    checked_build
    hint "it is the number that decides: a program may have other files open, too"
    did "built it with _FORTIFY_SOURCE, which ends it at an FD_SET() or FD_CLR() of descriptor 1024"
    did "started it with three descriptors more than usual; 1,017 peers connect, then one more"
    serve
    talk <<<'A*1017 connect
             A send "a"
             A recv "a"
             B connect
             B end
             A send "a"
             A recv "a"'
}

# checked_build: from now on PROGRAM is one in which the bounds of an fd_set are checked, and it is
# started with descriptors 3 to 5 open.
checked_build() {
    local compile program=$BATS_TEST_TMPDIR/checked
    read -ra compile <"$BUILD/compiler"
    (cd "$TOP" && "${compile[@]}" -w -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -o "$program" \
        "$SUBMISSION"/*.c "$BUILD/lib/libready.a")
    PROGRAM=$BATS_TEST_TMPDIR/${PROGRAM##*/}
    printf '#!/bin/sh\nexec 3</dev/null 4<&3 5<&3 "%s" "$@"\n' "$program" >"$PROGRAM"
    chmod +x "$PROGRAM"
}

# points: 1
@test "a line on stderr names the refused peer by its number" {
    local lines
    serve
    did "1,020 peers connect, then one more"
    talk <<<"${FULL}B connect
             B end"
    lines=$(grep -c 'refused.*\<1024\>' "$SERVER_ERR") || true
    same "lines on stderr with 'refused' and '1024'" 1 "$lines"
    same "lines on stderr" 1 "$(wc -l <"$SERVER_ERR")"
}

# points: 2
@test "the peers already inside are served as before" {
    hint "one peer too many is no reason to end, and nothing in the set may change"
    serve
    talk <<<"${FULL}B connect
             B end
             A send \"again\"
             A recv \"again\"
             Z send \"again\"
             Z recv \"again\""
    stop_server
}

# points: 2
@test "when one has left, the next to come is served in its place" {
    hint "the listener stays in the set, and the next number may fit again"
    serve
    talk <<<"${FULL}B connect
             B end
             Z half-close
             Z end
             C connect
             C send \"c\"
             C recv \"c\"
             A send \"a\"
             A recv \"a\""
}

# points: 1
@test "of a hundred refused peers no descriptor is left" {
    hint "closed is closed: neither shutdown() nor forgetting gives the number back"
    serve
    talk <<<"${FULL}B*100 connect
             B end"
    poll_until 5 descriptors_are "$SERVER" 4 >/dev/null ||
        same "its descriptors, when all have gone" 4 "$(descriptor_count "$SERVER")"
}
