#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Write the series as patches for git am, with a cover letter, to $BUILD/series.

. "$(dirname "$0")/lib.sh"

out=$BUILD/series
rm -rf "$out"
git -C "$BUILD/tree" format-patch -q --cover-letter --no-renames \
	--base=base -o "$out" base..peios

# git leaves blanks where subject and text of the cover letter go.
subject=$(head -n 1 "$TOP/patches/00-cover")
letter=$out/0000-cover-letter.patch
awk -v subject="$subject" -v text="$(sed 1,2d "$TOP/patches/00-cover")" '
	/^Subject: / { sub(/\*\*\* SUBJECT HERE \*\*\*/, subject) }
	/^\*\*\* BLURB HERE \*\*\*$/ { print text; next }
	{ print }
' "$letter" > "$letter.new"
mv "$letter.new" "$letter"
echo "The series, for git am on Linux $(version_of "$BASE"):"
for f in "$out"/*; do
	echo "    ${f#"$TOP"/}"
done
