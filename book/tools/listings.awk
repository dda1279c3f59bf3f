# listings.awk - compares the listings of one text with the programs; see listings
#
# Prints the problems, then how many listings there are; with write=1 the mended text goes to
# scratch/text. It keeps the book's lines in text[], a program's in source[].

{ text[NR] = $0 }

END {
    for (i = 1; i <= NR; i++) {
        keep(text[i])
        if (text[i] ~ /^<!-- *(listing|diff|not from)/)
            marked(i)
        else if (text[i] ~ /^```/)
            unmarked(i)
    }
    print count + 0
}

# ---- fences ----

# Line `at` opens a fence; returns the line that closes it.
function fence_end(at,    ticks, end) {
    match(text[at], /^`+/)
    ticks = substr(text[at], 1, RLENGTH)
    for (end = at + 1; end <= NR; end++)
        if (index(text[end], ticks) == 1 && text[end] ~ /^`+ *$/)
            return end
    if (!told[at]++)
        problem(at, "this fence is never closed")
    return NR + 1
}

# Passes over the fence that begins on the line after `i`, or on `i` itself.
function pass(    end) {
    for (end = fence_end(i); i < end && i < NR;)
        keep(text[++i])
}

function unmarked(at,    info) {
    info = substr(text[at], 4)
    if (info ~ /^ *(c|h|C|diff)( |$)/ && fence_end(at) - at - 1 > 3)
        problem(at, "this code has no marker: name its program (<!-- listing: FILE FUNCTION -->), " \
                    "or say <!-- not from a program -->")
    pass()
}

function marked(at,    what) {
    what = text[at]
    if (what !~ /^<!-- (listing|diff): .+ -->$/ && what != "<!-- not from a program -->") {
        problem(at, "cannot read this marker: " what)
        return
    }
    if (text[at + 1] !~ /^```/) {
        problem(at, what " must stand directly above a fence")
        return
    }
    keep(text[++i])
    if (what ~ /^<!-- not/) {
        pass()
        return
    }
    count++
    sub(/^<!-- /, "", what)
    sub(/ -->$/, "", what)
    reason = ""
    if (what ~ /^diff: /)
        make_diff(substr(what, 7))
    else
        cut(substr(what, 10))
    if (reason) {
        problem(at, what ": " reason)
        pass()
    } else
        compare(at, what)
}

# The fence opens on line `i`; what it should hold is wanted[1..wanted_count].
function compare(at, what,    end, j, same) {
    end = fence_end(i)
    if (end > NR) {
        pass()
        return
    }
    same = end - i - 1 == wanted_count
    for (j = 1; same && j <= wanted_count; j++)
        same = text[i + j] == wanted[j]
    if (!write && !same) {
        problem(at, what ": the text differs from the program (mend it with `make book-sync`)")
        show_difference(i + 1, end - 1)
    }
    if (write) {
        for (j = 1; j <= wanted_count; j++)
            keep(wanted[j])
        keep(text[end])
        i = end
    } else
        pass()
}

function show_difference(from, to,    book, program, command, line, j) {
    book = scratch "/in-the-text"
    program = scratch "/in-the-program"
    printf "" >book
    printf "" >program
    for (j = from; j <= to; j++)
        print text[j] >book
    for (j = 1; j <= wanted_count; j++)
        print wanted[j] >program
    close(book)
    close(program)
    command = "diff -U1 -L 'in the text' -L 'in the program' " book " " program
    for (j = 0; (command | getline line) > 0; j++)
        if (j < 16)
            print "    " line
    close(command)
    if (j > 16)
        print "    … and more"
}

# ---- what should stand there ----

# Reads a program into source[1..last]; `first` is its first line after the opening comment.
function slurp(path,    line, status) {
    last = 0
    first = 1
    while ((status = (getline line <path)) > 0)
        source[++last] = line
    close(path)
    if (status < 0) {
        reason = "there is no file " path
        return 0
    }
    if (path ~ /\.[ch]$/ && source[1] ~ /^\/\*/) {
        while (first < last && source[first] !~ /\*\//)
            first++
        first++
        while (first < last && source[first] == "")
            first++
    }
    return 1
}

# "FILE [NAME | enum NAME] [from "A" to "B"]": fills wanted[].
function cut(spec,    path, name, at, half, texts, a, b) {
    at = index(spec " ", " ")
    path = substr(spec, 1, at - 1)
    name = substr(spec, at)
    texts = ""
    if ((at = index(name, " from \"")) > 0) {
        texts = substr(name, at + 7)
        name = substr(name, 1, at - 1)
        half = index(texts, "\" to \"")
        if (!half || texts !~ /"$/) {
            reason = "say from \"TEXT\" to \"TEXT\""
            return
        }
    }
    sub(/^ /, "", name)
    if (!slurp(path) || (name != "" && !find(name)))
        return
    if (texts != "") {
        a = substr(texts, 1, half - 1)
        b = substr(texts, half + 6)
        sub(/"$/, "", b)
        if (!narrow(a, b))
            return
    }
    wanted_count = 0
    for (at = first; at <= last; at++)
        wanted[++wanted_count] = source[at]
}

# Narrows first..last to a function of C or shell, or to an enum, struct or union.
function find(name,    start, end) {
    for (start = first; start <= last; start++) {
        if (name ~ /^(enum|struct|union) /) {
            if (source[start] !~ "^(static |const |typedef )*" name " {")
                continue
        } else if (index(source[start], name "() {") != 1 && !defines(start, name))
            continue
        for (end = start; end < last && source[end] !~ /^}/; end++)
            ;
        if (source[end] !~ /^}/)
            break
        first = start
        last = end
        return 1
    }
    reason = "there is no " (name ~ / / ? "" : "function ") name " in that file"
    return 0
}

# Is line `at` the return type, and alone on its line as in a definition, of `name`?
function defines(at, name) {
    return source[at] ~ /^[a-z_]/ && index(source[at + 1], name "(") == 1
}

function narrow(a, b,    start, end) {
    for (start = first; start <= last && !index(source[start], a); start++)
        ;
    if (start > last) {
        reason = "no line there contains \"" a "\""
        return 0
    }
    for (end = start + 1; end <= last && !index(source[end], b); end++)
        ;
    if (end > last) {
        reason = "no line after \"" a "\" contains \"" b "\""
        return 0
    }
    first = start
    last = end
    return 1
}

# "EXHIBIT TWIN": fills wanted[] with a diff whose hunks are named by function, not by line.
function make_diff(spec,    names, path, j, k, command, line, hunk, changed, old) {
    if (split(spec, names, " ") != 2) {
        reason = "a diff needs two files"
        return
    }
    for (j = 1; j <= 2; j++) {
        if (!slurp(names[j]))
            return
        path = scratch "/" j
        printf "" >path
        for (k = first; k <= last; k++) {
            print source[k] >path
            if (j == 1)
                exhibit[k - first + 1] = source[k]
        }
        close(path)
    }
    wanted_count = changed = 0
    command = "diff -U2 -L " names[1] " -L " names[2] " " scratch "/1 " scratch "/2"
    while ((command | getline line) > 0) {
        wanted[++wanted_count] = line
        if (line ~ /^@@/) {
            hunk = wanted_count
            old = substr(line, 5) - 1
            wanted[hunk] = "@@"
        } else if (wanted_count > 2) {
            if (line !~ /^\+/)
                old++
            if (line ~ /^[-+]/) {
                changed++
                if (wanted[hunk] == "@@")
                    wanted[hunk] = "@@" enclosing(line ~ /^-/ ? old : old + 1)
            }
        }
    }
    close(command)
    if (!wanted_count)
        reason = "the two files do not differ"
    else if (changed > 20 && names[1] ~ /\/bad-[^\/]*$/)
        reason = "the diff has " changed " lines; an exhibit differs from its twin in at most 20"
}

# " name @@" of the function in which line `at` of the exhibit stands, else nothing.
function enclosing(at) {
    for (; at > 0 && exhibit[at] !~ /^}/; at--)
        if (exhibit[at] ~ /^[a-z_0-9]+\(/)
            return " " substr(exhibit[at], 1, index(exhibit[at], "(") - 1) " @@"
    return ""
}

# ---- output ----

function keep(line) {
    if (write)
        print line >(scratch "/text")
}

function problem(line, message) {
    print FILENAME ":" line ": " message
}
