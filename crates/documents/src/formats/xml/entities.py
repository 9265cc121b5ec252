"""Writes `entities.txt`, the characters that the named entities of HTML 5 and of the ISO sets stand for.

The document types of JATS and of the NLM before it declare the ISO sets; files are read without them, so their names
must be known. HTML 5's table (Python's `html.entities`) holds most; where both have a name, HTML 5's meaning is taken, for
it is that of XML Entity Definitions for Characters (W3C). The rest (Greek letters such as `&agr;` and `&b.alpha;`) comes
from the ISO and MathML sets that docutils keeps.

    pip install docutils
    python entities.py > entities.txt
"""

import html.entities
import pathlib
import re

import docutils.parsers.rst

INCLUDE = pathlib.Path(docutils.parsers.rst.__file__).parent / "include"
DEFINITION = re.compile(r"\.\. \|(?P<name>[^|]+)\|\s+unicode:: (?P<codes>(?:U\+[0-9A-F]+ ?)+)")


def main():
    names = {}
    for file in sorted(INCLUDE.glob("*.txt")):
        # A set with characters beyond the basic plane is kept twice, whole in the "-wide" one.
        if file.with_name(file.stem + "-wide.txt").exists() or not file.stem.startswith(("iso", "mml", "xhtml")):
            continue
        for line in file.read_text().splitlines():
            if match := DEFINITION.match(line):
                codes = [int(code[2:], 16) for code in match["codes"].split()]
                names[match["name"]] = "".join(map(chr, codes))
    names |= {name.removesuffix(";"): text for name, text in html.entities.html5.items() if name.endswith(";")}
    for name in sorted(name for name in names if "\ufffd" not in names[name]):
        print(name, *(f"{ord(letter):04X}" for letter in names[name]))


if __name__ == "__main__":
    main()
