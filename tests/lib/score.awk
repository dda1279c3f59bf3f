# score.awk - from what Bats said to points
#
# First file: the grader, for the names and the points of its tests. Second file: the TAP stream
# of Bats. Variables: id, of (points in the manifest), hash, only (the one test that was asked
# for, or ""), cage ("timed-out", "too-many", "left-behind 2 sleep mine" or ""). Prints the result
# as tests/lib/grading.bash describes it.
#
# A test counts as passed only if Bats says so, once, under its name. What a submission prints can
# reach the stories of tests that failed, and nothing else.
BEGIN {
    OFS = "\t"
    MOST_LINES = 60
}

# ---- the grader ----

FNR == NR {
    if (/^# points: [0-9]+$/) {
        points = $3
    } else {
        if (/^@test "/) {
            sub(/^@test "/, "")
            sub(/" \{$/, "")
            if (only == "" || only == $0) {
                name[++tests] = $0
                number[$0] = tests
                worth[tests] = points + 0
            }
        }
        points = 0
    }
    next
}

# ---- the stream ----

function spoilt(why) {
    if (!error)
        error = why
}

/^1\.\.[0-9]+$/ {
    if (plan++ || $0 != "1.." tests)
        spoilt("the plan of the tests is " $0 ", not 1.." tests)
    next
}

/^(not )?ok [0-9]+ / {
    ok = $1 == "ok"
    skipped = ""
    title = $0
    sub(/^(not )?ok [0-9]+ /, "", title)
    if (match(title, / # skip( |$)/)) {
        skipped = substr(title, RSTART + RLENGTH)
        title = substr(title, 1, RSTART - 1)
    }
    sub(/ # timeout after [0-9]+s$/, "", title)
    test = number[title]
    if (!test || outcome[test] != "")
        spoilt("a result that no test has given: " title)
    outcome[test] = !ok ? "failed" : RSTART ? "not-gradable" : "passed"
    reason[test] = skipped
    where = !ok # Bats first tells where; then comes what the test printed
    next
}

# Where in the grader it failed; told only if the test itself tells no story.
where && /^# / {
    if (/^#   `.*' failed/) {
        where = 0
        command[test] = substr($0, 5)
        if (/ failed with status 127$/)
            outcome[test] = "grader-error"
    }
    next
}

/^# outcome: (failed|crashed|timed-out|not-run|grader-error): / && test {
    sub(/^# outcome: /, "")
    outcome[test] = substr($0, 1, index($0, ": ") - 1)
    reason[test] = substr($0, index($0, ": ") + 2)
    next
}

# However much a test prints, what was expected stays.
/^#/ && test {
    if (++lines[test] <= MOST_LINES || /^# (expected|got|hint|again): /)
        story[test, ++kept[test]] = substr($0, 3)
    else if (!cut[test]++)
        story[test, ++kept[test]] = "... (there is more)"
    next
}

/[^ ]/ { spoilt("a line that Bats has not written: " $0) }

# ---- the sum ----

# The whole exercise ends as its first test that did not pass.
function decide(first, why) {
    if (exercise == "") {
        exercise = first
        because = why
    }
}

END {
    if (cage == "too-many")
        decide("crashed", "it started thousands of processes")
    for (t = 1; t <= tests; t++) {
        if (outcome[t] == "") {
            outcome[t] = cage == "timed-out" ? "timed-out" : \
                cage == "too-many" ? "not-run" : "grader-error"
            if (outcome[t] == "grader-error")
                spoilt("a test without a result: " name[t])
        }
        if (outcome[t] == "grader-error")
            spoilt(name[t] (reason[t] != "" ? ": " reason[t] : ""))
        if (outcome[t] == "not-gradable") {
            of -= worth[t]
            worth[t] = 0
        } else if (outcome[t] == "passed") {
            sum += worth[t]
        } else {
            decide(outcome[t], name[t] (reason[t] != "" ? ": " reason[t] : ""))
            if (!worth[t] && outcome[t] != "not-run")
                broken = 1 # a condition
        }
    }
    if (split(cage, left, " ") > 1 && left[1] == "left-behind") {
        broken = 1
        sub(/^left-behind [0-9]+ /, "", cage)
        decide("failed", left[2] " of its processes ran on after the tests: " cage)
    }
    if (error) {
        exercise = "grader-error"
        because = error
    }
    if (exercise == "")
        exercise = of || !tests ? "passed" : "not-gradable"
    print "exercise", id, hash, broken || error ? 0 : sum + 0, of, exercise, because
    for (t = 1; t <= tests; t++) {
        print "test", id, t, outcome[t] == "passed" ? worth[t] : 0, worth[t], outcome[t], name[t]
        if (reason[t] != "")
            print "story", id, t, "reason: " reason[t]
        for (l = 1; (t, l) in story; l++) {
            gsub(/\t/, " ", story[t, l])
            print "story", id, t, story[t, l]
        }
        if (!lines[t] && command[t] != "" && reason[t] == "")
            print "story", id, t, "got: " command[t]
    }
}
