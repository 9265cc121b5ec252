"""Writes `symbols.txt`, the characters of the fonts Symbol and Wingdings by their codes.

Word puts such a sign into a text as a code of its font. Symbol's codes are Adobe's encoding of that name (reportlab),
and its glyphs' characters are those of the Adobe Glyph List (fontTools). Of Wingdings the signs are given that stand for a
character of Unicode; those that only decorate are left out.

    pip install reportlab fonttools
    python symbols.py > symbols.txt
"""

from fontTools.agl import AGL2UV
from reportlab.pdfbase import _fontdata_enc_symbol

# Glyphs whose character the list gives as another one than is meant in a text.
MEANT = {"Omega": 0x03A9, "Delta": 0x0394}
for face in ("serif", "sans"):
    MEANT |= {"register" + face: 0x00AE, "copyright" + face: 0x00A9, "trademark" + face: 0x2122}

WINGDINGS = {
    0x4A: 0x263A, 0x4C: 0x2639, 0x6C: 0x25CF, 0x6E: 0x25A0, 0x6F: 0x25A1, 0x71: 0x2751, 0x72: 0x2752, 0x75: 0x25C6,
    0x76: 0x2756, 0x9E: 0x00B7, 0x9F: 0x2022, 0xA0: 0x25AA, 0xA1: 0x25CB, 0xA7: 0x25AA, 0xA8: 0x25FB, 0xAB: 0x2605,
    0xD5: 0x232B, 0xD8: 0x27A2, 0xDF: 0x2190, 0xE0: 0x2192, 0xE1: 0x2191, 0xE2: 0x2193, 0xE7: 0x2190, 0xE8: 0x2192,
    0xE9: 0x2191, 0xEA: 0x2193, 0xEF: 0x21E6, 0xF0: 0x21E8, 0xF1: 0x21E7, 0xF2: 0x21E9, 0xF3: 0x2194, 0xFB: 0x2717,
    0xFC: 0x2713, 0xFD: 0x2612, 0xFE: 0x2611,
}


def main():
    for code, glyph in enumerate(_fontdata_enc_symbol.SymbolEncoding):
        if glyph is None:
            continue
        letter = MEANT.get(glyph, AGL2UV.get(glyph))
        # Parts of large brackets and the like have no meaning alone.
        if letter is not None and not 0xE000 <= letter <= 0xF8FF:
            print("symbol", f"{code:02X}", f"{letter:04X}")
    for code, letter in WINGDINGS.items():
        print("wingdings", f"{code:02X}", f"{letter:04X}")


if __name__ == "__main__":
    main()
