# builds: solutions/10-webbench/3-find-the-liar/files.c
# builds: solutions/10-webbench/3-find-the-liar/wrong/*.patch
# builds: chapters/05-reactor/handlers.c
load ../../lib/exercises

@test "of three right servers, one of them slow, none is called a liar" {
    says honest files
    says honest files -s 15 -1
    says honest handlers -P http
}

# points: 1
@test "server 1 is found out" {
    hint "what does the first line of its answer say?"
    says lies server-1
}

# points: 1
@test "server 2 is found out" {
    hint "200 is what it says. Is it the file?"
    says lies server-2
}

# points: 1
@test "server 3 is found out" {
    hint "it sends as many bytes as it promises. Are they as many as the file has?"
    says lies server-3
}

# points: 1
@test "server 4 is found out" {
    hint "as many bytes as the file has are not the bytes of the file"
    says lies server-4
}

# points: 1
@test "server 5 is found out" {
    hint "which files have you not asked for?"
    says lies server-5
}

# points: 2
@test "server 6 is found out" {
    hint "to a client that asks alone it answers rightly"
    says lies server-6
}

# points: 1
@test "server 7 is found out" {
    hint "there are questions to which the right answer is no"
    says lies server-7
}

# says VERDICT SERVER [OPTION...]: the reader's script does, of this server. All are called server,
# and nothing that the script is told, or could find out, names one: only its answers do.
says() {
    local verdict=$1 own site said
    shift
    own=$(mktemp -d "$BATS_RUN_TMPDIR/XXXXXX")
    site=$own/site
    make_site "$site"
    mkdir "$own/bin"
    cp "$BUILD_DIR/$1" "$own/bin/server"
    start_server "$own/bin/server" -d "$site" "${@:2}"
    did "started $*, under the name of server; called find-liar"
    if [[ ! -x $BUILD/10-webbench/load ]]; then
        ended_as grader-error "build/10-webbench/load is missing: make all"
        return 1
    fi
    limited 20 env PATH="$BUILD/10-webbench:$PATH" TMPDIR="$own" \
        bash "$SUBMISSION/find-liar" "$site" "$PORT"
    said=$(tail -n 1 "$OUT")
    [[ ${said%%[: ]*} = "$verdict" ]] || {
        tell_end "$STATUS" "$ERR" || true
        if [[ $said ]]; then
            expected "the last line says: $verdict"
            got "$said"
        else
            expected "the last line says 'lies' or 'honest', and here: $verdict"
            got "it printed nothing"
        fi
        head -n 5 "$ERR"
        return 1
    }
    dismiss
}

# make_site FOLDER: other files than those of the exercise's make-site.
make_site() {
    mkdir "$1"
    echo "<h1>first of all $RANDOM</h1>" >"$1/index.html"
    echo "$RANDOM" >"$1/a.txt"
    od -An -tx1 -N 5000 -v /dev/urandom >"$1/much.txt"
}
