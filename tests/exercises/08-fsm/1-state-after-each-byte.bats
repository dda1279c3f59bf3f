# builds: chapters/08-fsm/http-machine.c
load ../../lib/exercises

REQUEST=$'POST /a HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nxyz'
ALL_STATES='START|METHOD|TARGET|VERSION|REQUEST_LF|FIELD|NAME|BEFORE_VALUE|VALUE'
ALL_STATES+='|VALUE_LF|HEAD_LF|BODY|BROKEN'

@test "each key has an answer, and there is a why" {
    local key said
    for key in state_in_the_line state_behind_a_part state_at_the_end; do
        said=$(prediction "$key")
        if [[ ! $said =~ ^($ALL_STATES)$ ]]; then
            expected "$key = a state of the table in README.md, before anything is run"
            got "$key = ${said:-?}"
            return 1
        fi
    done
    all_filled breaks_at
    as_given in_the_line behind_a_part at_the_end replaced
}

# points: 1
@test "the state after a byte of the request line" {
    hint "the state says what the next byte may be, not what the last one was"
    holds in_the_line
}

# points: 1
@test "the state after a byte where a line or a name ends" {
    hint "CR and LF are two bytes, and the machine can stop between them"
    holds behind_a_part
}

# points: 1
@test "the state after a byte at the end of the message" {
    hint "how does the machine know how long the body is, and what follows it?"
    holds at_the_end
}

# points: 1
@test "the byte at which a wrong request is refused" {
    local place
    hint "x is a letter like others: what is wrong is what the line means, or the head"
    place=$(given replaced)
    run_machine "${REQUEST:0:place-1}x${REQUEST:place}"
    near breaks_at "$(awk '$1 == "BROKEN" { print index($0, "#") - 16 }' "$OUT")" 0
}

# holds KEY: the state after the byte that the key gives is the one that was predicted.
holds() {
    run_machine "$REQUEST"
    same "the state after byte $(given "$1")" "$(state_after "$(given "$1")")" \
        "$(prediction "state_$1")"
}

# run_machine REQUEST: sets OUT, where a line for each state has a # below each byte that led to it.
run_machine() {
    printf '%s' "$1" >"$BATS_TEST_TMPDIR/request"
    did "gave it to http-machine: $(printf %q "$1")"
    # shellcheck disable=SC2016 # they are for the inner shell
    limited 5 bash -c '"$1" <"$2"' - "$BUILD_DIR/http-machine" "$BATS_TEST_TMPDIR/request"
    ((STATUS <= 1)) && [[ -s $OUT ]] && return
    cat "$ERR"
    ended_as grader-error "http-machine ended with status $STATUS"
    return 1
}

# state_after BYTE: the name stands in the first 16 columns.
state_after() {
    awk -v column=$((16 + $1)) 'NR > 2 && substr($0, column, 1) == "#" { print $1 }' "$OUT"
}
