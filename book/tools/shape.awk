# shape.awk - the outer form of one text; used with text.awk by shape
#
# Prints the problems, then the number of words: those of paragraphs, lists, tables and headings.

BEGIN {
    count = split("Question|Run it|See it with|Walk through|What goes wrong|Measure it|Real world|" \
                  "Exercises|Check yourself|Further reading", shape, "|")
    next_heading = 1
}

function part(kind, text, line,    bare, all) {
    if (kind == "fence") {
        if (info == "")
            problem(line, "say what this fence holds: console, c, diff, text, sh …")
        else if (info ~ /^mermaid/)
            problem(line, "no Mermaid: diagrams are SVG, or drawn in ```text")
        return
    }
    if (kind == "comment")
        return
    all = text
    words += gsub(/[^ \n\t|]+/, "", all)
    if (kind == "heading")
        heading(text, line)
    images(text, line)
    bare = tolower(without_code(text))
    if (match(bare, /(^|[^a-z])(simply|just|obviously)([^a-z]|$)/))
        problem(line_of(bare, RSTART + 1, line), \
                "without \"" letters(substr(bare, RSTART, RLENGTH)) "\", please: it helps nobody")
    if (match(text, /\360\237/))
        problem(line_of(text, RSTART, line), "no emoji")
}

function heading(text, line,    level, i) {
    match(text, /^#+/)
    level = RLENGTH
    sub(/^#+ */, "", text)
    if (level == 1 ? titles++ : !titles++)
        problem(line, "a text begins with its title (# …), and has no other")
    if (level != 2 || !is_chapter)
        return
    for (i = 1; i <= count && index(text, shape[i]) != 1; i++)
        ;
    if (i > count)
        problem(line, "\"" text "\" is no part of a chapter; sections of its parts begin with ###")
    else if (i < next_heading)
        problem(line, "\"" text "\" comes too late, or again")
    else {
        for (; next_heading < i; next_heading++)
            problem(line, "\"" shape[next_heading] "\" should stand before \"" text "\"")
        next_heading = i + 1
    }
}

function letters(s) {
    gsub(/[^a-z]/, "", s)
    return s
}

function images(text, line) {
    if (match(text, /!\[[ \n]*\]/))
        problem(line_of(text, RSTART, line), "say in the brackets what the image shows")
}

# The rules of text.awk call `next`, so lines are looked at in a second reading, at the end.
END {
    for (line = 1; (getline row <file) > 0; line++) {
        gsub(/[\200-\277]/, "", row) # count characters, not bytes
        if (length(row) > 100 && row !~ /^(\||<!-- |\[[^]]+\]: )/)
            problem(line, "this line has " length(row) " characters; 100 are the most")
    }
    if (is_chapter) {
        for (; next_heading <= count; next_heading++)
            problem(line - 1, "\"" shape[next_heading] "\" is missing")
        least = is_chapter == "short" ? 0 : 2500
        most = is_chapter == "short" ? 2500 : 6000
        if (words < least || words > most)
            problem(1, words " words; a chapter of this kind has " least " to " most)
    }
    print words + 0
}
