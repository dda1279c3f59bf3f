# offspring.bash - ends all that a script has started, wherever it is by now
#
# A script sources this before it does anything else. From then on whatever it starts carries
# a mark in its environment, which survives fork, exec and setsid, and the death of its parent;
# so nothing has to be found by its name, and nothing that is somebody else's is hit. The script
# itself is started again at once, so that its own subshells have the mark as well.

[[ -v OFFSPRING_$$ ]] || exec env "OFFSPRING_$$=1" "$BASH" "$0" "$@"

# offspring [MARK]: the pids of what still runs, a line each; with a mark NAME=VALUE only what has
# that in its environment.
offspring() {
    local files file pid
    mapfile -t files < <(grep -lszx "${1:-OFFSPRING_$$=1}" /proc/[0-9]*/environ)
    for file in "${files[@]}"; do
        pid=${file//[!0-9]/}
        [[ $pid = "$$" || $pid = "$BASHPID" || ! -e $file ]] || echo "$pid"
    done
}

# end_offspring [MARK]: kills it, and what it starts meanwhile; returns when all are gone.
end_offspring() {
    local pid pids tries
    for tries in {1..100}; do
        pids=$(offspring "${1:-}")
        [[ $pids ]] || return 0
        for pid in $pids; do
            kill -KILL "$pid" 2>/dev/null || true
        done
        sleep 0.05 # dying takes a moment, on a busy machine more than one
    done
    echo "cannot end, after $tries tries: $pids" >&2
}
