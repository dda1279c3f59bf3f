# grading.bash - what the commands of the exercises share (tests/tools/start, check, grade, ...)
#
# An exercise is a line of exercises/manifest.tsv, which find_exercise reads. tests/tools/judge is
# the only one who judges a submission: for its author, for an instructor and for the proof. How to
# write an exercise and its grader: exercises/README.md.
#
# A result is a few lines, their fields separated by tabs:
#
#   results  EDITION  STUDENT                              the book's, by git; once a file
#   about    ID  KIND  SECTION  title
#   exercise ID  GRADER  POINTS  OF  OUTCOME  reason       GRADER: hash of what judged it
#   test     ID  NUMBER  POINTS  OF  OUTCOME  name         OF is 0 for a condition
#   story    ID  NUMBER  text                              NUMBER 0: of the whole exercise
#
# OUTCOME is one of: passed  failed  timed-out  crashed  does-not-compile  missing  not-begun
#                    not-run  grader-error  not-gradable
# shellcheck shell=bash
# shellcheck disable=SC2034 # much of this is for those who load this file

TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
WORK=${WORK:-$TOP/work}
BUILD=${BUILD:-build}
[[ $BUILD = /* ]] || BUILD=$TOP/$BUILD
TIME_SCALE=${TIME_SCALE:-1}
MANIFEST=$TOP/exercises/manifest.tsv
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE # a hook's; ours are other repositories

# scaled SECONDS: as many as they are on this machine, TIME_SCALE being what it is.
scaled() {
    LC_ALL=C printf -v MICROSECONDS %.0f "${TIME_SCALE}e6"
    echo $((($1 * MICROSECONDS + 999999) / 1000000))
}

# give_up LINE...: the command was used wrongly, or cannot work here.
give_up() {
    printf '%s\n' "$@" >&2
    exit 2
}

# ---- the manifest ----

# exercise_ids [KIND]: of the chapter in CHAPTER, or of all.
exercise_ids() {
    awk -F'\t' -v chapter="${CHAPTER:-}" -v kind="${1:-}" '
        NR > 1 && (chapter == "" || index($1, chapter "/") == 1) && (kind == "" || $3 == kind) {
            print $1
        }' "$MANIFEST"
}

# find_exercise EX: "01/2", its folder, or "mine" (its first stage); sets the EX_ variables.
find_exercise() {
    local ids found=
    while IFS=$'\t' read -r EX EX_FOLDER EX_KIND EX_POINTS EX_NEEDS EX_FILES EX_SECTION; do
        [[ $EX != id && ${1:-} ]] || continue
        [[ $1 = "$EX" || $1 = "$EX_FOLDER" || $1 = mine && $EX_KIND = mine ]] || continue
        found=yes
        break
    done <"$MANIFEST"
    if [[ ! $found ]]; then
        ids=$(CHAPTER='' exercise_ids '' | awk -F/ '
            $1 "" != chapter { printf "%s%s/%s", NR == 1 ? "" : "-" last " ", $1, $2; chapter = $1 "" }
            { last = $2 }
            END { print "-" last }')
        give_up "${1:+there is no exercise $1; }say which one: EX=${ids%%-*}" "there are $ids"
    fi
    EX_NAME=${EX_FOLDER#*/}
    EX_NAME=${EX_NAME#*-} # what its program is called
    IFS= read -r EX_TITLE <"$TOP/exercises/$EX_FOLDER/README.md"
    EX_TITLE=${EX_TITLE#'# '}
    EX_GRADER=$TOP/tests/exercises/$EX_FOLDER.bats
    EX_DRIVER=$BUILD/tests/exercises/$EX_FOLDER.o # not every exercise has one; make builds it
    EX_PLACE=$EX_FOLDER                         # where it lies in somebody's work
    EX_TASK=README.md
    [[ $EX_KIND != mine ]] || EX_NAME=mine EX_PLACE=mine EX_TASK=${EX_FOLDER%%/*}.md
}

# The programs of the book that a grader runs, and the patches that make others of them: what it
# names in lines like "# builds: chapters/01-blocking/one-at-a-time.c". Relative to the top.
grader_builds() (
    local line
    cd "$TOP" || return
    while IFS= read -r line; do
        [[ $line != '# builds: '* ]] || compgen -G "${line#'# builds: '}"
    done <"$EX_GRADER"
)

# The file that a patch is for, as the patch says; nothing for a file that is no patch.
patched_file() {
    [[ $1 != *.patch ]] || sed -n 's|^+++ b/||p' "$1"
}

# apply PATCH FOLDER: applies it, strictly, to the files in FOLDER.
apply() {
    GIT_CEILING_DIRECTORIES=${2%/*} git -C "$2" apply <"$1"
}

# A hash of all that decides about this exercise.
grader_hash() {
    local hash builds files=("${EX_GRADER%.bats}"* "$TOP"/tests/lib/{*.bash,score.awk}
        "$TOP"/tests/tools/judge "$TOP"/tests/cage.c)
    mapfile -t builds < <(grader_builds)
    hash=$(cd "$TOP" && cat "${files[@]}" "${builds[@]}" | sha256sum)
    echo "${hash:0:12}"
}

# ---- grading ----

# ready_to_grade: what is needed for it is there, or we give up and say what to do.
ready_to_grade() {
    [[ ${COMPILE:-} && ${LIBREADY:-} ]] ||
        give_up "make runs this, for it knows the compiler: make ${0##*/}${1:+ EX=$1}"
    [[ -x $BUILD/tests/cage && -x $BUILD/tests/talk ]] || give_up "the tools are missing: make all"
    BATS=$("$TOP/tests/tools/bats" --where) || exit 2
    export BATS
}

# kept_result: the file for the result of what work/ holds for the exercise now. Its name is a hash
# of that, and of all that decides about it.
kept_result() {
    local pattern
    mkdir -p "$BUILD/progress"
    {
        grep "^$EX"$'\t' "$MANIFEST"
        echo "$(grader_hash) ${COMPILE:-} ${STUDENT:-}"
        ! cd "$WORK/$EX_PLACE" 2>/dev/null || for pattern in $EX_FILES; do
            compgen -G "$pattern" | xargs -r sha256sum
        done
    } | sha256sum | sed "s|^\(.\{16\}\).*|$BUILD/progress/\1.tsv|"
}

# judge_work [now]: grades what work/ holds for the exercise, if it has not been graded already or
# if it must be now; prints the name of the file with the result. A broken grader is asked again.
judge_work() {
    local result
    result=$(kept_result)
    if [[ ${1:-} = now || ! -s $result || $(outcome_of "$result") = grader-error ]]; then
        "$TOP/tests/tools/judge" "$EX" "$WORK/$EX_PLACE" "$result"
    fi
    echo "$result"
}

# grade_all [MOST]: reads lines of EX, FOLDER, RESULT and perhaps TEST, with tabs between them; grades
# as many at a time as there are CPUs, and up to MOST while a CPU has nothing to do: most of what a
# wrong program does is to keep one waiting.
grade_all() {
    local ex folder result only cpus most=${1:-0} judges=() nobody
    cpus=$(nproc)
    exec {nobody}<> <(:)
    while IFS=$'\t' read -r ex folder result only; do
        while still_at_work && ((${#judges[@]} >= cpus)) &&
            { ((${#judges[@]} >= most)) || cpus_are_busy; }; do
            read -rt 0.05 -u "$nobody" || true
        done
        "$TOP/tests/tools/judge" "$ex" "$folder" "$result" "$only" </dev/null &
        judges+=($!)
    done
    wait
}

# still_at_work: leaves in judges, which are processes, those who are.
still_at_work() {
    local judge
    for judge in "${!judges[@]}"; do
        kill -0 "${judges[judge]}" 2>/dev/null || unset "judges[judge]"
    done
}

# cpus_are_busy: besides us, as many tasks want to run as there are CPUs; see proc(5), loadavg.
cpus_are_busy() {
    local tasks
    read -r _ _ _ tasks _ </proc/loadavg
    ((${tasks%/*} > 2 * cpus))
}

# ---- telling ----

edition() {
    git -C "$TOP" describe --tags --always --dirty 2>/dev/null || echo unknown
}

# report STYLE RESULT...: STYLE is tests, stories or table; see report.awk.
report() {
    local style=$1 pass=+ fail=x
    shift
    [[ $(locale charmap 2>/dev/null) != UTF-8 ]] || pass=✓ fail=✗
    LC_ALL=C awk -v style="$style" -v pass="$pass" -v fail="$fail" \
        -f "$TOP/tests/lib/report.awk" "$@"
}

outcome_of() {
    awk -F'\t' '$1 == "exercise" { print $6 }' "$1"
}

# all_solved RESULT...: all that can be graded here is solved, and that is not nothing.
all_solved() {
    awk -F'\t' '$1 == "exercise" && $6 == "passed" { some = 1 }
        $1 == "exercise" && $6 !~ /^(passed|not-gradable)$/ { bad = 1 }
        END { exit bad || !some }' "$@"
}
