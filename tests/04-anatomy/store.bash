# store.bash - what the tests of chapter 04 are written with
# shellcheck shell=bash

# ask FILE: sends it, ends, and prints what comes.
ask() {
    "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT" <"$1"
}

# unread: bytes that wait in the kernel to be read by the server; see proc(5), /proc/net/tcp. (It may
# tell of a connection twice while others come and go.)
unread() {
    local sum=0 hex
    while read -r hex; do
        sum=$((sum + 16#$hex))
    done < <(awk -v port="$(printf ':%04X' "$PORT")" '$2 ~ port "$" && $4 == "01" && !seen[$3]++ {
        sub(/.*:/, "", $5); print $5 }' /proc/net/tcp)
    echo "$sum"
}

nothing_unread() { (($(unread) == 0)); }
