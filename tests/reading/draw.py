"""Draws the reading cases that come from corpora, and checks `cases.jsonl`.

    python3 tests/reading/draw.py                  # what is drawn, in order, and what was left out
    python3 tests/reading/draw.py --candidates 30  # more of the order, for judging
    python3 tests/reading/draw.py --check          # everything that the README promises

Of each kind the first documents in hashed order are taken that have the kind's pattern and are not in `left-out.tsv`,
where a reader noted what a pattern cannot see. The corpora are looked for in `OSLER_SHARED` or `../shared`.
"""

import argparse
import collections
import hashlib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SHARED = os.environ.get("OSLER_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")
TASKS = os.path.join(SHARED, "corpora", "tasks")

SEED = "reading cases"
# Cases drawn of a kind and a source, in the order of drawing; a document serves once.
DRAWN = {
    ("denied", "bc5cdr-dev"): 2,
    ("denied", "pubmedqa-train"): 3,
    ("hedged", "bc5cdr-dev"): 4,
    ("hedged", "pubmedqa-train"): 1,
    ("to-blame", "bc5cdr-dev"): 5,
    ("treated", "bc5cdr-dev"): 5,
}
EACH = 10
LONGEST = {"bc5cdr-dev": 1400, "pubmedqa-train": 1800}

GIVEN = re.compile(r"\b(treated|treating|treatment|therapy|prescribed|administered|used|given|received|receiving|taking)\b", re.I)
HEDGE = re.compile(r"\b(may|might|possibl[ey]|possibility|likely|suspected)\b", re.I)
ASSERTED = re.compile(r"(?<!possible )\b(?:induced|caused) by\b|-induced\b|\bdue to\b", re.I)
DENIED = r"\b(?:no evidence of|does not|do not|did not)\b[^.;]{0,60}\b%s"
HARM = re.compile(
    r"\b(affect|cause|influence|risk|associated|effect|lead|contribute|worsen|compromise|induce|alter)\w*\b", re.I
)
NO_EFFECT = re.compile(
    r"\b(no|not|neither|nor|without)\b[^.;]{0,60}\b(significant|differ|associat|effect|increas|correlat|relat|influenc)", re.I
)
UNSURE = re.compile(r"\b(may|might|possibl[ey]|unclear)\b", re.I)


class Document:
    """A document of BC5CDR's development part with its mentions and related pairs."""

    def __init__(self, block):
        self.mentions, self.pairs = [], []
        for line in block.split("\n"):
            fields = line.split("\t")
            if len(fields) == 1:
                self.id, part, text = line.split("|", 2)
                setattr(self, {"t": "title", "a": "text"}[part], text)
            elif fields[1] == "CID":
                self.pairs.append((fields[2], fields[3]))
            else:
                self.mentions.append((int(fields[1]), fields[3], fields[4], fields[5]))

    def sentences(self):
        """Each with its chemicals and diseases: `(text, [(name, id)], [(name, id)])`."""
        whole = f"{self.title} {self.text}"
        starts = [0] + [match.end() for match in re.finditer(r"[.?!] (?=[A-Z])", whole)]
        for start, end in zip(starts, starts[1:] + [len(whole)]):
            of_kind = {"Chemical": [], "Disease": []}
            for at, name, kind, concept in self.mentions:
                if start <= at < end and concept != "-1":
                    of_kind[kind].append((name, concept))
            yield whole[start:end], of_kind["Chemical"], of_kind["Disease"]

    def ids(self, name):
        """The concepts that are annotated under this name."""
        return {part for _, said, _, concept in self.mentions if said.lower() == name.lower() for part in concept.split("|")}

    def fits(self, kind):
        """A sentence that has the kind's pattern, or nothing."""
        blamed = {chemical for chemical, _ in self.pairs}
        induced = {disease for _, disease in self.pairs}
        for sentence, chemicals, diseases in self.sentences():
            named = {chemical for _, chemical in chemicals}
            related = [
                (chemical, disease)
                for _, chemical in chemicals
                for _, disease in diseases
                if (chemical, disease) in self.pairs
            ]
            others = [(name, disease) for name, disease in diseases if disease not in induced]
            if kind == "treated" and named & blamed and GIVEN.search(sentence):
                if any(re.search(r"\b(for|with|of)\b[^.]{0,30}" + re.escape(name), sentence, re.I) for name, _ in others):
                    return sentence
            if kind == "denied" and any(re.search(DENIED % re.escape(name), sentence, re.I) for name, _ in others):
                return sentence
            if kind == "to-blame" and related and len(blamed) == 1 and named - blamed:
                return sentence
            if kind == "hedged" and related and HEDGE.search(sentence) and not ASSERTED.search(self.title):
                return sentence
        return None


def read_bc5cdr():
    path = os.path.join(TASKS, "bc5cdr", "CDR_DevelopmentSet.PubTator.txt")
    with open(path, encoding="utf-8") as file:
        documents = [Document(block) for block in file.read().strip().split("\n\n")]
    return {document.id: document for document in documents}


def read_pubmedqa():
    with open(os.path.join(TASKS, "pubmedqa", "pqal_fold0", "train_set.json"), encoding="utf-8") as file:
        return json.load(file)


def fits_pubmedqa(record, kind):
    text = "\n".join(record["CONTEXTS"])
    if kind == "denied":
        return record["final_decision"] == "no" and HARM.search(record["QUESTION"]) and NO_EFFECT.search(text)
    return record["final_decision"] == "maybe" and UNSURE.search(text)


def order(pmid):
    return hashlib.sha256(f"{SEED}\0{pmid}".encode()).hexdigest()


def candidates(corpora, kind, source):
    """PMIDs with the kind's pattern, in hashed order."""
    for pmid in sorted(corpora[source], key=order):
        record = corpora[source][pmid]
        text = record.text if source == "bc5cdr-dev" else "\n".join(record["CONTEXTS"])
        fits = record.fits(kind) if source == "bc5cdr-dev" else fits_pubmedqa(record, kind)
        if len(text) <= LONGEST[source] and fits:
            yield pmid


def read_left_out():
    left_out = {}
    with open(os.path.join(HERE, "left-out.tsv"), encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            kind, origin, reason = line.rstrip("\n").split("\t")
            left_out[kind, origin] = reason
    return left_out


def draw(corpora, most):
    """Yields `(kind, origin, reason or "" if drawn)`, until the number is drawn, or `most` were looked at."""
    left_out = read_left_out()
    taken = set()
    for (kind, source), number in DRAWN.items():
        drawn = 0
        for looked, pmid in enumerate(candidates(corpora, kind, source)):
            if drawn == number if most is None else looked == most:
                break
            origin = f"{source}:{pmid}"
            if origin in taken:
                reason = "drawn for another kind"
            else:
                reason = left_out.get((kind, origin), "")
            if not reason and drawn < number:
                taken.add(origin)
            drawn += not reason
            yield kind, origin, reason


FIELDS = {
    "bc5cdr": {"id", "kind", "origin", "task", "title", "text", "must_claim", "must_not_claim", "must_hedge", "why"},
    "pubmedqa": {"id", "kind", "origin", "task", "title", "text", "question", "expected", "why"},
}


def check_form(cases):
    """What can be said without the corpora."""
    wrong = []
    for case in cases:
        where = case.get("id", "?")
        whole = f"{case['title']}\n{case['text']}"
        if set(case) != FIELDS[case["task"]]:
            wrong.append(f"{where}: fields {sorted(set(case) ^ FIELDS[case['task']])}")
            continue
        if case["task"] == "pubmedqa":
            if case["expected"] not in ("yes", "no", "maybe", "not-stated"):
                wrong.append(f"{where}: expected {case['expected']}")
            continue
        claim, forbidden, hedged = (
            [tuple(pair) for pair in case[field]] for field in ("must_claim", "must_not_claim", "must_hedge")
        )
        for name in {name for pair in claim + forbidden + hedged for name in pair}:
            if not re.search(r"(?<!\w)" + re.escape(name) + r"(?!\w)", whole, re.I):
                wrong.append(f"{where}: {name!r} is not in the text")
        if set(claim) & set(forbidden) or set(hedged) & set(forbidden):
            wrong.append(f"{where}: a pair is asked for and forbidden")
        if not claim and not forbidden or case["kind"] == "hedged" and not hedged:
            wrong.append(f"{where}: asks for nothing")
        if case["kind"] in ("treated", "denied", "to-blame") and not forbidden:
            wrong.append(f"{where}: forbids nothing")
    for kind, number in collections.Counter(case["kind"] for case in cases).items():
        if number != EACH:
            wrong.append(f"{number} cases of kind {kind}")
    if len(cases) != 4 * EACH or len({case["id"] for case in cases}) != len(cases):
        wrong.append("not forty cases with an id each")
    return wrong


def check_origins(cases, corpora):
    """Drawn cases: the right ones, with the corpus's text, not against its annotation."""
    wrong = []
    expected = {(kind, origin) for kind, origin, reason in draw(corpora, None) if not reason}
    found = {(case["kind"], case["origin"]) for case in cases if case["origin"] != "written"}
    wrong += [f"{kind} {origin}: drawn, but no case" for kind, origin in sorted(expected - found)]
    wrong += [f"{kind} {origin}: a case, but not drawn" for kind, origin in sorted(found - expected)]
    for case in cases:
        if case["origin"] == "written":
            continue
        source, pmid = case["origin"].split(":")
        record = corpora[source][pmid]
        if source == "pubmedqa-train":
            is_same = case["text"] == "\n".join(record["CONTEXTS"]) and case["question"] == record["QUESTION"]
            if case["expected"] != record["final_decision"]:
                wrong.append(f"{case['id']}: the corpus answers {record['final_decision']}")
        else:
            is_same = (case["title"], case["text"]) == (record.title, record.text)
            for field, is_gold in (("must_claim", True), ("must_hedge", True), ("must_not_claim", False)):
                for chemical, disease in case[field]:
                    pairs = {(c, d) for c in record.ids(chemical) for d in record.ids(disease)}
                    if not pairs or bool(pairs & set(record.pairs)) != is_gold:
                        wrong.append(f"{case['id']}: {chemical}, {disease} is against the annotation")
        if not is_same:
            wrong.append(f"{case['id']}: not the text of {case['origin']}")
    return wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="check cases.jsonl; exit code 1 if anything is wrong")
    arguments.add_argument("--candidates", type=int, help="look at so many of each kind and source")
    options = arguments.parse_args()
    corpora = None
    if os.path.isdir(TASKS):
        corpora = {"bc5cdr-dev": read_bc5cdr(), "pubmedqa-train": read_pubmedqa()}
    elif os.environ.get("CI") or not options.check:
        sys.exit(f"{TASKS} not found: set OSLER_SHARED to the folder that holds corpora/")
    if not options.check:
        for kind, origin, reason in draw(corpora, options.candidates):
            print(f"{kind}\t{origin}\t{'left out: ' + reason if reason else 'drawn'}")
        return
    with open(os.path.join(HERE, "cases.jsonl"), encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    wrong = check_form(cases)
    if corpora:
        wrong += check_origins(cases, corpora)
    print("\n".join(wrong) or f"{len(cases)} cases, nothing wrong" + ("" if corpora else "; skipped: corpora not found"))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
