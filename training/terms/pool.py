"""Names that the open prose uses and nothing in the corpora defines: what `draw.py` draws from.

The rules follow `crates/corpus` (`licences.rs`, `common.rs`, `told.rs`) and are wider where they differ, so that
a name is left out rather than kept when it is doubtful whether the training data define it.
"""

import collections
import glob
import gzip
import itertools
import json
import os
import re
import subprocess

NAME_WORDS = 4
NAME_LETTERS = 4
FEWEST_DOCUMENTS = 20
# Characters before a verb in which its subject is looked for.
BEFORE = 400

WORD = re.compile(r"[^\W_]+")
# `told.rs` takes the present tense at the beginning of a sentence; the past tense is left out here, too.
PREDICATE = re.compile(r"\b(?:is|are|was|were) (?:an?|the|any|used (?:to|for|in|as)|made|one of) ", re.I)
BEGINS = re.compile(r"(?:^|[.?!:;)\]])\s*(?:the |an? )?$", re.I)
# "Cilazapril, an inhibitor of ...", "cilazapril (an inhibitor of ...": `told.rs` takes no such, but they define as well.
APPOSITION = re.compile(r"\s*[,(]\s*(?:an?|which (?:is|are)|also (?:known|called)|one of the) ", re.I)
PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*$")


def words(text):
    return [word.lower() for word in WORD.findall(text)]


def key(text):
    """As `common::key`: letters and digits in lower case, single spaces."""
    return " ".join(words(text))


def is_open(licence, kind):
    """As `Licences::Redistributable` allows."""
    lower = licence.lower()
    said = {word for word in re.split(r"[^\w.]+|_", lower) if word}
    if "nc" in said or "non-commercial" in lower or "noncommercial" in lower:
        return False
    if said & {"nd", "sa", "gpl"}:
        return False
    if "not stated" in lower or "no explicit licence" in lower:
        return kind in ("abstract", "passage")
    if said & {"by", "cc0", "mit", "open"}:
        return True
    if any(phrase in lower for phrase in ("public domain", "us government", "u.s. government", "free use with attribution")):
        return True
    return "pubmed" in lower and kind in ("abstract", "passage")


def forms(name):
    """The name, its plural and its singular; and what the Gene Ontology calls an enzyme or a receptor by."""
    found = {name, name + "s", name + "es", name + " activity"}
    if name.endswith("ies"):
        found.add(name[:-3] + "y")
    if name.endswith("es"):
        found.add(name[:-2])
    if name.endswith("s"):
        found.add(name[:-1])
    if name.endswith("y"):
        found.add(name[:-1] + "ies")
    if name.endswith("sis"):
        found.add(name[:-2] + "es")
    return found


def prose(corpora):
    """All records of `prose`, in the order of the files."""
    for path in sorted(glob.glob(os.path.join(corpora, "prose", "*.jsonl.zst"))):
        with subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE) as process:
            for line in process.stdout:
                yield json.loads(line)
        if process.returncode:
            raise SystemExit(f"{path}: zstd failed; is the file whole?")


def definitions(corpora):
    """All records of `definitions.jsonl.gz`."""
    with gzip.open(os.path.join(corpora, "definitions.jsonl.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


class Names:
    """The names of `terms.tsv.gz` by their keys, with their kinds and all other names of the same concepts."""

    def __init__(self, corpora):
        self.kinds = collections.defaultdict(set)
        self.ids = collections.defaultdict(set)
        self.of_id = collections.defaultdict(set)
        with gzip.open(os.path.join(corpora, "terms.tsv.gz"), "rt", encoding="utf-8") as lines:
            next(lines)
            for line in lines:
                name, concept, kind, _ = line.rstrip("\n").split("\t")
                name = key(name)
                if concept != "-":
                    self.of_id[concept].add(name)
                if len(name) >= NAME_LETTERS and len(name.split()) <= NAME_WORDS:
                    self.kinds[name].add(kind)
                    if concept != "-":
                        self.ids[name].add(concept)

    def also(self, name):
        """The name and every other name of what it may mean, in singular and plural."""
        found = {name}
        for concept in self.ids.get(name, ()):
            found |= self.of_id[concept]
        return set().union(*(forms(other) for other in found))


def defined(corpora):
    """Keys of everything that a definition, a fact sheet or a list of roles is about."""
    found = set()
    for definition in definitions(corpora):
        term = definition["term"]
        found.add(key(term))
        found.add(key(term.split(" (")[0]))
        found.update(key(inside) for inside in re.findall(r"\(([^()]+)\)", term))
        found.update(key(other) for other in definition.get("synonyms", ()))
    with gzip.open(os.path.join(corpora, "chebi_roles.tsv.gz"), "rt", encoding="utf-8") as lines:
        found.update(key(line.split("\t")[1]) for line in lines)
    return found


def count_documents(corpora, names):
    """In how many open documents each name stands, and the keys of what questions and answers are about."""
    by_first = collections.defaultdict(set)
    for name in names:
        first, *rest = name.split()
        by_first[first].add(tuple(rest))
    lengths = {first: sorted({len(rest) for rest in rests}) for first, rests in by_first.items()}
    counts = collections.Counter()
    asked = set()
    for record in prose(corpora):
        if record.get("focus"):
            asked.add(key(record["focus"]))
        if not is_open(record["licence"], record["kind"]):
            continue
        text = words((record.get("title") or "") + "\n" + record["text"])
        found = set()
        for at, first in enumerate(text):
            for length in lengths.get(first, ()):
                rest = tuple(text[at + 1 : at + 1 + length])
                if rest in by_first[first]:
                    found.add(" ".join((first,) + rest))
        counts.update(found)
    return counts, asked


def told(corpora, names, candidates):
    """How often the prose, or the definition of something else, says in passing what each of the candidates is."""
    of_form = collections.defaultdict(set)
    for candidate in candidates:
        for form in names.also(candidate):
            of_form[form].add(candidate)
    found = collections.Counter()
    texts = itertools.chain(
        (record["text"] for record in prose(corpora)),
        (definition["definition"] for definition in definitions(corpora)),
    )
    for text in texts:
        for match in PREDICATE.finditer(text):
            for name, begins in names_before(text, match.start()):
                if begins:
                    found.update(of_form.get(name, ()))
        for match in APPOSITION.finditer(text):
            for name, _ in names_before(text, match.start()):
                found.update(of_form.get(name, ()))
    return found


def names_before(text, end):
    """The runs of up to six words that end at a place, but for brackets, and whether a sentence begins with each."""
    before = text[max(0, end - BEFORE) : end].rstrip(" ")
    before = PARENTHESIS.sub("", before).rsplit("\n", 1)[-1]
    for word in list(WORD.finditer(before))[-6:]:
        yield key(before[word.start() :]), BEGINS.search(before[: word.start()]) is not None


def pool(corpora):
    """The names that may be drawn, with their kinds and the number of documents: `{name: (kinds, documents)}`."""
    names = Names(corpora)
    counts, asked = count_documents(corpora, names.kinds)
    taken = defined(corpora) | asked
    candidates = [
        name for name, count in counts.items() if count >= FEWEST_DOCUMENTS and not names.also(name) & taken
    ]
    said = told(corpora, names, candidates)
    return {name: (names.kinds[name], counts[name]) for name in sorted(candidates) if not said[name]}
