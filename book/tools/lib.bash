# lib.bash - what the checkers of the text share; each of them sources it
#
# Every checker prints one line of TAP for each text, still without a number:
#
#     ok - book/01-blocking.md: listings agree with the programs (12)
#     not ok - book/01-blocking.md: links lead somewhere (40)
#     # book/01-blocking.md:57: there is no chapters/01-blocking/foo.c
#
# and exits with 1 if anything is wrong. `check` runs all of them and numbers the lines.
# The tools check the book they stand in; with BOOK_ROOT=dir that of another tree.

# shellcheck shell=bash disable=SC2034,SC2231
set -eEuo pipefail
trap 'echo "$0: line $LINENO failed" >&2; exit 3' ERR # 1 says that the text is wrong

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${BOOK_ROOT:-$TOOLS/../..}"
export BOOK_ROOT=$PWD
LC_ALL=C # awk and bash then see bytes, everywhere alike
export LC_ALL
FAILED=0

SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

# chapters: the texts of the chapters, in order; with CHAPTER=01 that one alone.
chapters() {
    local file
    for file in book/${CHAPTER:-[0-9][0-9]}-*.md; do
        [[ -e $file ]] && echo "$file"
    done
    return 0
}

# texts [FILE...]: the files that were named, else the opening page and all chapters.
texts() {
    if (($# > 0)); then
        printf '%s\n' "$@"
    else
        [[ ${CHAPTER:-} || ! -e book/README.md ]] || echo book/README.md
        chapters
    fi
}

# verdict CLAIM PROBLEMS: the line of TAP; PROBLEMS is empty if CLAIM is true.
verdict() {
    if [[ $2 ]]; then
        FAILED=1
        printf 'not ok - %s\n' "$1"
        printf '# %s\n' "${2//$'\n'/$'\n# '}"
    else
        printf 'ok - %s\n' "$1"
    fi
}

# counted CLAIM OUTPUT [UNIT]: the same for a checker whose last line of output is the number of
# things that it has looked at.
counted() {
    local count=${2##*$'\n'} problems
    [[ $count =~ ^[0-9]+$ ]]
    problems=${2%"$count"}
    verdict "$1 ($count${3:+ $3})" "${problems%$'\n'}"
}
