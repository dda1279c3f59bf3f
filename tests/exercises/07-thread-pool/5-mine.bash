# 5-mine.bash - what the tests of 5-mine.bats are written with
# shellcheck shell=bash

# ms_of COMMAND...: how long it takes.
ms_of() {
    local began=${EPOCHREALTIME/[.,]/}
    "$@" >&2
    echo $(((${EPOCHREALTIME/[.,]/} - began) / 1000))
}

