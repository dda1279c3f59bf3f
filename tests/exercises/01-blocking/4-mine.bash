# 4-mine.bash - what the tests of 4-mine.bats are written with
# shellcheck shell=bash
# shellcheck disable=SC2153 # PORT is what serve sets

# Who has had the CPU for 0.2 s since it should sleep will not.
is_asleep_soon() {
    local before='' spins=''
    if ! poll_until 5 sleeps_or_spins >/dev/null || [[ $spins ]]; then
        same "the server, when there is nothing to do" "sleeps" "goes on using the CPU, or is gone"
    fi
}

sleeps_or_spins() {
    local used
    ! is_asleep "$SERVER" || return 0
    used=$(cpu_ms "$SERVER")
    before=${before:-$used}
    ((used - before < 200 * MICROSECONDS / 1000000)) || spins=yes
    [[ $spins ]]
}

# A connection that the test itself holds, on descriptor 8, and that is being served.
connect_and_say() {
    local answer
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    printf '%s\n' "$1" >&8
    read -rt $((5 * MICROSECONDS / 1000000)) -u 8 answer
    same "the answer" "$1" "$answer"
}

# limit SECONDS COMMAND...: COMMAND, which Bats' descriptors are kept from.
limit() {
    timeout $(($1 * MICROSECONDS / 1000000)) "${@:2}" 3>&- 4>&-
}

# On descriptor 8 it is sent 60 KiB, and again, until it sleeps in write() while the last of them
# have come and have not been read. sent is how many bytes there were.
send_until_it_waits() {
    local WAITS='' looks port before=0 read_so_far=0
    port=$(printf ':%04X$' "$PORT")
    sent=0
    ! has_read 1 || before=$read_so_far
    while [[ ! $WAITS ]] && ((sent < 50000000)); do
        head -c 61440 /dev/zero >&8 2>/dev/null 3>&- 4>&- || break
        sent=$((sent + 61440)) looks=0
        if ! poll_until 5 takes_or_waits >/dev/null; then
            same "60 KiB more" "are read, or wait until what is owed is read" "neither"
        fi
    done
}

# Until our kernel has acknowledged what it sent last it may wait for 40 ms, and go on.
takes_or_waits() {
    local unread
    ! has_read "$sent" || return 0
    looks=$((looks + 1))
    ! has_read 1 || ((looks > 6)) || return
    is_asleep "$SERVER" || return
    unread=$(bytes_unread)
    [[ $unread != 0 ]] || return 0
    [[ $unread ]] || return
    pause 0.05
    is_asleep "$SERVER" && [[ $(bytes_unread) = "$unread" ]] && WAITS=yes
}

# has_read BYTES: its read() has brought so many since `before`, as the kernel counts; see proc(5).
# Of recv() it does not count them: then what is unread has to tell.
has_read() {
    { read -r _ read_so_far <"/proc/$SERVER/io"; } 2>/dev/null && ((read_so_far - before >= $1))
}

# How many bytes have come and have not been read; nothing while some are on their way. proc(5).
# The table is long, both ends may be found early, and one of them twice: see tests/00-sockets.bats.
bytes_unread() {
    awk -v port="$port" '
        $4 == "01" && $3 ~ port { client = 1; on_their_way = $5 !~ /^0*:/ }
        $4 == "01" && $2 ~ port { server = 1; unread = $5; sub(/.*:/, "", unread) }
        client && server { exit }
        END { if (!on_their_way) print unread ~ /[^0]/ ? unread : 0 }' /proc/net/tcp
}

# sleeps_in_write: it sleeps, though bytes have come that it has not read. (Who sends them may have to
# sleep while it sleeps in read(): our kernel drops what it acknowledges them with, too, when there
# is no room for the answers, and it is said again after 0.2 s.)
sleeps_in_write() {
    is_asleep "$SERVER" && awk -v port="$(printf ':%04X$' "$PORT")" '
        $4 == "01" && $2 ~ port && $5 !~ /:0*$/ { unread = 1 }
        END { exit !unread }' /proc/net/tcp && is_asleep "$SERVER"
}

# Of the calls that it counted (see lib/watch.h), if it ends so that they are told, and is one
# process: two close() for each accept() are one too many.
closed_once() {
    local accepted closed
    dismiss
    [[ $(grep -c ' calls  *EAGAIN ' "$SERVER_ERR") = 1 ]] || return 0
    accepted=$(awk '$1 ~ /^accept4?$/ { sum += $2 } END { print sum + 0 }' "$SERVER_ERR")
    closed=$(awk '$1 == "close" { sum += $2 } END { print sum + 0 }' "$SERVER_ERR")
    ((closed * 2 < accepted * 3)) || ((accepted < 20)) ||
        same "close() after $accepted accept()" "about as often" "$closed times" ||
        { hint "the number may be another connection's by then: close it once"; return 1; }
}
