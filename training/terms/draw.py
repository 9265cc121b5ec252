"""Draws the sixty held-out terms, and checks `held-out.tsv`.

    python3 training/terms/draw.py                 # the pool in the order of drawing, what is drawn, what was left out
    python3 training/terms/draw.py --check         # everything that the README promises
    python3 training/terms/draw.py --card          # the same facts about the sixty terms of the starter's card

Takes some minutes. The corpora are looked for in `OSLER_SHARED` or `../shared`; `zstd` must be installed.
"""

import argparse
import collections
import csv
import hashlib
import os
import re
import sys

import pool

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SHARED = os.environ.get("OSLER_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")
CORPORA = os.path.join(SHARED, "corpora")
CARD = os.path.join(ROOT, "models", "starter", "README.md")

SEED = "held-out terms"
# Least number of documents of a stratum, and terms drawn from it of each kind.
STRATA = [(20, 7), (30, 7), (60, 6)]
KINDS = {
    "drug": ("drug", "chemical"),
    "disease": ("disease", "phenotype", "pathology"),
    "other": ("anatomy", "protein", "cell", "organism"),
}
COLUMNS = ["term", "kind", "documents", "statement"]


def kind_of(kinds):
    """Of a name that may mean several things the first that fits; gene symbols alone are no names to describe."""
    return next((kind for kind in ("disease", "drug", "other") if kinds & set(KINDS[kind])), None)


def stratum_of(documents):
    return max(index for index, (least, _) in enumerate(STRATA) if documents >= least)


def order(name):
    return hashlib.sha256(f"{SEED}\0{name}".encode()).hexdigest()


def read_table(name):
    with open(os.path.join(HERE, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def draw(names):
    """Yields `(kind, stratum, name, documents, reason or "" if drawn)` in the order of drawing."""
    left_out = {row["term"]: row["reason"] for row in read_table("left-out.tsv")}
    cells = collections.defaultdict(list)
    for name, (kinds, documents) in names.items():
        kind = kind_of(kinds)
        if kind:
            cells[kind, stratum_of(documents)].append((order(name), name, documents))
    for kind in KINDS:
        for stratum, (_, number) in enumerate(STRATA):
            drawn = 0
            for _, name, documents in sorted(cells[kind, stratum]):
                if drawn == number:
                    break
                reason = left_out.get(name, "")
                drawn += not reason
                yield kind, stratum, name, documents, reason


def check_form(rows):
    wrong = []
    for row in rows:
        if list(row) != COLUMNS or not all(row.values()) or row["kind"] not in KINDS:
            wrong.append(f"{row}: not four columns that say something")
        elif not row["documents"].isdigit() or int(row["documents"]) < pool.FEWEST_DOCUMENTS:
            wrong.append(f"{row['term']}: in {row['documents']} documents")
    if len(rows) != 60 or len({row["term"] for row in rows}) != 60:
        wrong.append("not sixty terms")
    return wrong


def check_drawn(rows, names):
    expected = {(name, kind, str(documents)) for kind, _, name, documents, reason in draw(names) if not reason}
    found = {(pool.key(row["term"]), row["kind"], row["documents"]) for row in rows}
    return [f"drawn, but not held out: {row}" for row in sorted(expected - found)] + [
        f"held out, but not drawn: {row}" for row in sorted(found - expected)
    ]


def card_terms():
    with open(CARD, encoding="utf-8") as file:
        listed = re.search(r"^The terms: (.*?)\.\n\n", file.read(), re.M | re.S).group(1)
    return [" ".join(term.split()) for term in listed.split(",")]


def print_card():
    """Kind, documents, and whether a definition or the prose says what it is."""
    terms = [(term, pool.key(term)) for term in card_terms()]
    names = pool.Names(CORPORA)
    counts, asked = pool.count_documents(CORPORA, {name for _, name in terms})
    defined = pool.defined(CORPORA) | asked
    said = pool.told(CORPORA, names, [name for _, name in terms])
    print("term\tkind\tdocuments\tdefined\tsentences")
    for term, name in terms:
        is_defined = "yes" if names.also(name) & defined else "no"
        print(f"{term}\t{kind_of(names.kinds.get(name, set())) or '-'}\t{counts[name]}\t{is_defined}\t{said[name]}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="check held-out.tsv; exit code 1 if anything is wrong")
    arguments.add_argument("--card", action="store_true", help="look at the terms of models/starter/README.md")
    options = arguments.parse_args()
    found = os.path.isdir(CORPORA)
    if not found and (os.environ.get("CI") or not options.check):
        sys.exit(f"{CORPORA} not found: set OSLER_SHARED to the folder that holds corpora/")
    if options.card:
        print_card()
    elif options.check:
        rows = read_table("held-out.tsv")
        wrong = check_form(rows)
        if found:
            wrong += check_drawn(rows, pool.pool(CORPORA))
        print("\n".join(wrong) or f"{len(rows)} terms, nothing wrong" + ("" if found else "; skipped: corpora not found"))
        sys.exit(bool(wrong))
    else:
        for kind, stratum, name, documents, reason in draw(pool.pool(CORPORA)):
            print(f"{kind}\t{STRATA[stratum][0]}\t{name}\t{documents}\t{'left out: ' + reason if reason else 'drawn'}")


if __name__ == "__main__":
    main()
