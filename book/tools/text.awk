# text.awk - takes a text of the book apart, so that the checkers need not
#
# Calls part(kind, text, line) for every part of every file named, in order:
#
#   heading     with its #s
#   paragraph   or list item, or quotation: its lines, joined by newlines
#   row         of a table
#   fence       what stands between ```info and ```; `info` is set, and `marker` to the
#               comment directly above (or "")
#   comment     <!-- ... -->
#
# and problem(line, message) for what cannot be taken apart. A program that uses it defines
# part() and prints what it likes. Awk sees bytes here (LC_ALL=C).

FNR == 1 {
    finish()
    file = FILENAME
}

fence_mark {
    if ($0 ~ /^`+[ \t]*$/ && length(trim($0)) >= length(fence_mark)) {
        fence_mark = ""
        part("fence", text, first)
        text = ""
    } else
        text = text $0 "\n"
    next
}

in_comment {
    text = text "\n" $0
    if (/-->/)
        end_of_comment()
    next
}

/^```/ {
    end_of_paragraph()
    match($0, /^`+/)
    fence_mark = substr($0, 1, RLENGTH)
    info = trim(substr($0, RLENGTH + 1))
    marker = comment_line == FNR - 1 ? comment : ""
    first = FNR
    text = ""
    next
}

/^ *(~~~|```)/ { problem(FNR, "a fence begins with ``` in the first column") }

/^<!--/ {
    end_of_paragraph()
    in_comment = 1
    text = $0
    first = FNR
    if (/-->/)
        end_of_comment()
    next
}

/^#+ / {
    end_of_paragraph()
    part("heading", $0, FNR)
    next
}

/^\|/ {
    end_of_paragraph()
    part("row", $0, FNR)
    next
}

/^[ \t]*$/ { end_of_paragraph(); next }

/^ *([-*+]|[0-9]+[.)]) / { end_of_paragraph() }

{
    if (paragraph == "")
        paragraph_line = FNR
    paragraph = paragraph (paragraph == "" ? "" : "\n") $0
}

END { finish() }

function end_of_comment() {
    in_comment = 0
    comment = text
    comment_line = FNR
    part("comment", text, first)
}

function end_of_paragraph(    whole) {
    whole = paragraph
    paragraph = ""
    if (whole != "")
        part("paragraph", whole, paragraph_line)
}

function finish() {
    end_of_paragraph()
    if (fence_mark)
        problem(first, "this fence is never closed")
    if (in_comment)
        problem(first, "this comment is never closed")
    fence_mark = ""
    in_comment = comment_line = 0
}

function problem(line, message) {
    print file ":" line ": " message
}

function trim(s) {
    gsub(/^[ \t]+|[ \t]+$/, "", s)
    return s
}

# The line on which position `at` of a part that begins on `line` stands.
function line_of(text, at, line,    before) {
    before = substr(text, 1, at - 1)
    return line + gsub(/\n/, "", before)
}

# The text with everything in code font blanked out, every other byte where it was.
function without_code(text,    out, at, ticks, rest, close_at, span) {
    out = ""
    while ((at = match(text, /`+/)) > 0) {
        ticks = substr(text, at, RLENGTH)
        rest = substr(text, at + RLENGTH)
        close_at = index(rest, ticks)
        if (!close_at)
            break
        span = ticks substr(rest, 1, close_at - 1) ticks
        gsub(/[^\n]/, " ", span)
        out = out substr(text, 1, at - 1) span
        text = substr(rest, close_at + length(ticks))
    }
    return out text
}
