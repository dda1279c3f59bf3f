# choose.bash - values that differ from student to student, and are always the same for one
# shellcheck shell=bash

# choose WORDS "a|b|c": one of a, b, c, decided by WORDS (the student, the exercise, the key).
choose() {
    local choices number
    IFS='|' read -ra choices <<<"$2"
    number=$(cksum <<<"$1")
    echo "${choices[${number%% *} % ${#choices[@]}]}"
}
