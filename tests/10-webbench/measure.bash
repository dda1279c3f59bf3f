# measure.bash - what the tests of load are written with
# shellcheck shell=bash
# shellcheck disable=SC2154 # run sets it

# measure [OPTION...]: runs load against the server, which sets $status, and puts what it wrote
# with -o into V. A second is not enough to be sure that it hangs, 30 are. What stands in UNDER is a
# command that runs it. With paths in PATHS it asks for these by HTTP.
measure() {
    declare -gA V=()
    local key value operands=("$ADDRESS" "$PORT") host=$ADDRESS
    [[ $host != *:* ]] || host="[$host]"
    [[ ! ${PATHS+x} ]] || operands=("${PATHS[@]/#/http://$host:$PORT}")
    run timeout 30 "${UNDER[@]}" "$BUILD/10-webbench/load" -q -o "$BATS_TEST_TMPDIR/values" "$@" \
        "${operands[@]}" 3>&- 4>&-
    while IFS='=' read -r key value; do V[$key]=$value; done <"$BATS_TEST_TMPDIR/values"
}

# measure_until EXPRESSION [OPTION...]: measures for longer and longer, or some times for as long as
# -t says, until the expression is true: on a busy machine a server may do nothing for a while.
measure_until() {
    local seconds values
    for seconds in 0.1 0.5 2 5 9; do
        measure -t "$seconds" "${@:2}"
        with_values "$1"
        [[ $values = *nothing* ]] || ! ((values)) || return 0
    done
    echo "never true: $1, for it is $values; all that load wrote:"
    cat "$BATS_TEST_TMPDIR/values"
    return 1
}

# with_values EXPRESSION: sets $values to it, with what V says in the place of its names.
with_values() {
    local rest=$1
    values=
    while [[ $rest =~ ([a-z][a-z0-9_]*) ]]; do
        values+=${rest%%"${BASH_REMATCH[1]}"*}${V[${BASH_REMATCH[1]}]:-nothing}
        rest=${rest#*"${BASH_REMATCH[1]}"}
    done
    values+=$rest
}

# ended_with STATUS EXPRESSION...: load ended so, and each arithmetic expression is true; in it, names
# are the keys of V.
ended_with() {
    local expression values
    if ((status != $1)); then
        echo "load ended with status $status instead of $1; it said and wrote:"
        echo "$output"
        cat "$BATS_TEST_TMPDIR/values" || true
        return 1
    fi
    shift
    for expression in "$@"; do
        with_values "$expression"
        if [[ $values = *nothing* ]] || ! ((values)); then
            echo "not true: $expression, for it is $values; all that load wrote:"
            cat "$BATS_TEST_TMPDIR/values"
            return 1
        fi
    done
}

misbehaving() {
    start_server "$BUILD/tests/misbehave" -w "$1"
}
