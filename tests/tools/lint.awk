# lint.awk - the habits that bash forgives and a test must not have
#
#   awk -f lint.awk FILE...        prints "file:line: reason" for each that it finds
#
# Each line is first reduced to its code: what stands in quotes, in $( ), in here-documents and
# behind # becomes blank, so that a script that a test hands to somebody else is no concern.

# ---- reducing a line to its code ----

# where[depth] is what we are inside of: "" code, ' " quotes, $( a substitution, $(( arithmetic.
function enter(what) { where[++depth] = what; parens[depth] = 0 }
function leave() { depth-- }

function code_of(line,    i, c, two, three, inside, code, seen) {
    code = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        three = substr(line, i, 3)
        inside = where[depth]
        if (inside == "'") {
            if (c == "'")
                leave()
            c = "_"
        } else if (c == "\\") {
            i++
            c = "__"
        } else if (three == "$((") {
            enter("$((")
            i += 2
            c = "___"
        } else if (inside == "$((" && two == "))" && !parens[depth]) {
            leave()
            i++
            c = "__"
        } else if (two == "$(" || (inside != "\"" && (two == "<(" || two == ">("))) {
            seen = depth <= 1 && inside != "$("
            enter("$(")
            i++
            c = seen ? two : "__"
        } else if (inside == "\"") {
            if (c == "\"")
                leave()
            c = "_"
        } else if (c == "\"" || c == "'") {
            enter(c)
            c = "_"
        } else if (c == "#" && (i == 1 || substr(line, i - 1, 1) ~ /[ \t;(]/)) {
            break
        } else if (depth) {
            if (c == "(")
                parens[depth]++
            else if (c == ")" && parens[depth]-- == 0)
                leave()
            c = "_"
        }
        code = code c
    }
    return code
}

# What ends the here-document that begins in this line; "" when none does.
function here_document(line, code) {
    if (code !~ /<<-?[^<]/ || code ~ /<<</ || !match(line, /<<-?[ ]*['"\\]?[A-Za-z_]+/))
        return ""
    line = substr(line, RSTART, RLENGTH)
    sub(/.*[^A-Za-z_]/, "", line)
    return line
}

function complain(reason) {
    printf "%s:%d: %s\n", FILENAME, FNR, reason
}

FNR == 1 {
    depth = 0
    until_word = ""
    in_test = 0
    in_tests = FILENAME ~ /\.bats$/ || FILENAME ~ /tests\/(lib|exercises)\/.*\.bash$/
}

until_word != "" {
    word = $0
    gsub(/^\t+/, "", word)
    if (word == until_word)
        until_word = ""
    next
}

{
    code = code_of($0)
    until_word = here_document($0, code)
    if (FILENAME ~ /\.bats$/ && code ~ /^(@test|(setup|teardown)(_file)?\()/)
        in_test = 1
    else if (code ~ /^[^ \t_]/) # the next thing in column 0
        in_test = 0
}

# ---- the habits ----

code ~ /(^|[^[:alnum:]_.\/-])(pkill|killall)([^[:alnum:]_-]|$)/ {
    complain("ends processes by their name: kill the process you started, by its id")
}

code ~ /(^|[^[:alnum:]_-])(local|declare|export|readonly)( -[a-zA-Z]+)*( [A-Za-z_0-9]+(=[^ ;]*)?)* [A-Za-z_0-9]+=_*\$\(/ {
    complain("the failure of $( ) is lost behind local or export: assign on a line of its own")
}

in_tests && code ~ /(^|[^[:alnum:]_.\/-])sleep[ \t]+[0-9$_]/ {
    complain("a test does not sleep: poll_until")
}

in_test && code ~ /(^|[;{]|then|else|do|&&|\|\|)[ \t]*![ \t]/ {
    complain("a command behind ! never fails a test: run ! command")
}

# A program of ours before a pipe: given by a path or a variable, or one of these. What merely
# writes a text (printf, sed, a function) may stand there; `a | b)` belongs to a case.
in_test {
    pipe = code
    gsub(/\|\|/, ";", pipe)
    gsub(/>\|/, ">", pipe)
    gsub(/\[\[[^]]*\]\]/, "", pipe)
    if (pipe ~ /^[^(]*\|[^(]*\)/)
        next
    stages = split(pipe, stage, /\|/)
    for (i = 1; i < stages; i++) {
        sub(/.*(;|&&|{|[ \t](then|do|else)[ \t])/, "", stage[i])
        sub(/^([ \t]|[A-Za-z_]+=[^ \t]*)*/, "", stage[i])
        if (stage[i] ~ /^([_$]|[^ \t]*\/|(run|talk|make|timeout|env|setsid|curl)([ \t]|$))/) {
            complain("what stands before a pipe never fails a test: use run, or two lines and a file")
            next
        }
    }
}
