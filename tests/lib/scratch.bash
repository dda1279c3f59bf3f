# scratch.bash - a folder for what is written while things are tested
#
# Files are made and removed there by the ten thousand, and a disk is slow at that: with the folder
# in memory `make test` takes a tenth less.
# shellcheck shell=bash

# scratch [MEMORY]: makes the folder and prints its name. It is in TMPDIR, if that is set; else in
# memory, if there is room and programs may run there; else where mktemp makes it.
scratch() {
    local memory=${1:-/dev/shm} folder # see shm_overview(7)
    if [[ ! ${TMPDIR:-} ]] && has_a_gibibyte "$memory"; then
        folder=$(mktemp -d -p "$memory")
        if cp "$(type -P true)" "$folder" && "$folder/true"; then
            rm "$folder/true"
            echo "$folder"
            return
        fi 2>/dev/null
        rm -r "$folder"
    fi
    mktemp -d
}

has_a_gibibyte() {
    [[ -w $1 ]] && (($(df --output=avail "$1" | tail -n 1) >= 1 << 20))
}
