# compile.bash - small programs for a test, built as make builds those of the book
#
#     load lib/servers
#     load lib/compile
#
#     compile hello <<'END'
#     #include "error.h"
#     …
#     END
#     run -1 "$BATS_TEST_TMPDIR/hello"
#
# COMPILE, LIBREADY and WATCH come from make. Without make they are what $BUILD was built with.
# shellcheck shell=bash

if [[ ! ${COMPILE:-} ]]; then
    COMPILE=$(<"$BUILD/compiler")
    WATCH=@${COMPILE##*@}
    COMPILE=${COMPILE%@*}
fi
LIBREADY=${LIBREADY:-$BUILD/lib/libready.a}
[[ $LIBREADY = /* ]] || LIBREADY=$TOP/$LIBREADY

# compile NAME: builds the C program on standard input as $BATS_TEST_TMPDIR/NAME; quickly, for it
# will not run long.
compile() {
    local program=$BATS_TEST_TMPDIR/$1
    cat >"$program.c"
    # shellcheck disable=SC2086 # COMPILE is a command with its options
    (cd "$TOP" && $COMPILE -O0 -o "$program" "$program.c" "$LIBREADY" $WATCH)
}
