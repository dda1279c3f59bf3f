# slug.awk - the anchor of a heading, as Markdown viewers make it

function slug(heading) {
    heading = tolower(heading)
    gsub(/\342\200[\200-\277]|\302\267/, "", heading) # dashes, quotation marks, …, ·
    gsub(/[^a-z0-9 _\200-\377-]/, "", heading)
    gsub(/ /, "-", heading)
    return heading
}
