# report.awk - results, for people
#
# Reads results as tests/lib/grading.bash describes them. Variables: pass and fail, the two marks;
# style: "tests" tells of every test, "stories" of those that failed, "table" of none. Run it in
# the C locale.
BEGIN {
    FS = "\t"
    WIDTH = 78
    CONDITION = "a condition before it does not hold" # as exercises.bash says it
}

$1 == "about" {
    kind[$2] = $3
    section[$2] = $4
    title[$2] = $5
    ids[++exercises] = $2
}

$1 == "exercise" {
    points[$2] = $4
    of[$2] = $5
    outcome[$2] = words($6)
    reason[$2] = $7
    sum += $4
    total += $5
}

$1 == "test" {
    tests[$2] = $3
    earned[$2, $3] = $4
    worth[$2, $3] = $5
    how[$2, $3] = words($6)
    name[$2, $3] = $7
}

$1 == "story" {
    story[$2, $3, ++lines[$2, $3]] = $4
}

function words(text) {
    gsub(/-/, " ", text)
    return text
}

# A character is one column wide, however many bytes it has.
function columns(text) {
    gsub(/[\200-\277]/, "", text)
    return length(text)
}

function print_line(left, right,    space) {
    space = WIDTH - columns(left) - columns(right)
    print right == "" ? left : left sprintf("%" (space > 2 ? space : 2) "s", "") right
}

# The lines of a story whose word is in `wanted`; those without a word when it is "".
function tell(id, t, wanted,    l, text, word) {
    for (l = 1; l <= lines[id, t]; l++) {
        text = story[id, t, l]
        word = match(text, /^(did|expected|got|hint|again|reason): /) ? \
            substr(text, 1, RLENGTH - 2) : ""
        if (word == "" && wanted == "")
            print "      " text
        else if (word != "" && index(wanted, word))
            tell_line(word, substr(text, RLENGTH + 1))
    }
}

function tell_line(word, text) {
    print "      " (text == "" ? word : word sprintf("%" (10 - length(word)) "s", "") text)
}

function tell_exercise(id,    t, mark, told, unrun) {
    print_line(id " " kind[id] ": " title[id], points[id] " of " of[id] " points, " state(id))
    for (t = 1; t <= tests[id]; t++) {
        told = told || how[id, t] != "passed" && how[id, t] !~ /^not /
        unrun = unrun || index(story[id, t, 1], CONDITION)
    }
    if (outcome[id] != "passed" && (outcome[id] != "failed" || !told))
        print "  " reason[id]
    tell(id, 0, "")
    for (t = 1; t <= tests[id]; t++) {
        mark = how[id, t] == "passed" ? pass : how[id, t] ~ /^not / ? "-" : fail
        if (style == "stories" && mark != fail)
            continue
        print_line("  " mark " " name[id, t], worth_of(id, t))
        if (how[id, t] == "not gradable")
            tell(id, t, "reason")
        if (mark != fail)
            continue
        if (how[id, t] != "failed")
            tell_line(how[id, t], "")
        tell(id, t, "reason did")
        tell(id, t, "")
        tell(id, t, "expected got")
        tell(id, t, "hint again")
    }
    if (unrun)
        print "  " (kind[id] == "repair" ? "What the starter did right must stay right" : \
            "What earns no points must hold first") "; the rest was not run."
    if (outcome[id] != "passed")
        print "  Read again: book/" section[id]
}

function worth_of(id, t) {
    if (how[id, t] ~ /^not /)
        return how[id, t]
    return !worth[id, t] ? "" : how[id, t] == "passed" ? worth[id, t] : "0 of " worth[id, t]
}

function state(id) {
    return outcome[id] == "passed" ? "solved" : outcome[id] == "failed" ? "not yet" : outcome[id]
}

END {
    if (style != "tests") {
        for (e = 1; e <= exercises; e++) {
            id = ids[e]
            print_line((outcome[id] == "passed" ? pass : fail) " " id " " \
                sprintf("%-8s", kind[id]) title[id], \
                state(id) sprintf("%4d of %3d", points[id], of[id]))
        }
        print_line("", sum + 0 " of " total + 0 " points")
    }
    for (e = 1; style != "table" && e <= exercises; e++) {
        id = ids[e]
        if (style == "stories" && (outcome[id] == "passed" || outcome[id] == "not begun"))
            continue
        if (e > 1 || style == "stories")
            print ""
        tell_exercise(id)
    }
}
