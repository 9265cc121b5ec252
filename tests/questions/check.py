"""Checks `documents.jsonl` and `questions.jsonl`: `python3 tests/questions/check.py`; exit code 1 if anything is wrong."""

import collections
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = {"id", "title", "text"}
QUESTION = {"id", "document", "question", "stance", "relevant", "distractors", "why"}
STANCES = ("supports", "contradicts", "unclear", "not-stated")
WORDS = range(120, 251)


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def check(documents, questions):
    wrong = []
    texts = {document["id"]: document["text"] for document in documents}
    for document in documents:
        words = len(document["text"].split())
        if set(document) != DOCUMENT:
            wrong.append(f"{document.get('id')}: fields")
        elif words not in WORDS:
            wrong.append(f"{document['id']}: {words} words")
    for question in questions:
        where = question.get("id")
        if set(question) != QUESTION or question["stance"] not in STANCES or question["document"] not in texts:
            wrong.append(f"{where}: fields, stance or document")
            continue
        text = texts[question["document"]]
        for quote in question["relevant"] + question["distractors"]:
            start = text.find(quote)
            is_sentence = (start == 0 or text[start - 1] == " ") and quote[-1] in ".?!"
            if start < 0 or text.count(quote) != 1 or not is_sentence:
                wrong.append(f"{where}: not one sentence of {question['document']}: {quote!r}")
        if set(question["relevant"]) & set(question["distractors"]):
            wrong.append(f"{where}: a sentence is relevant and a distractor")
        if bool(question["relevant"]) == (question["stance"] == "not-stated"):
            wrong.append(f"{where}: a stance needs a sentence, and no stance needs none")
        if question["stance"] == "not-stated" and not question["distractors"]:
            wrong.append(f"{where}: no sentence that could mislead")
    for name, found, number in (
        ("documents", [document["id"] for document in documents], 20),
        ("questions", [question["id"] for question in questions], 60),
    ):
        if len(found) != number or len(set(found)) != number:
            wrong.append(f"not {number} {name} with an id each")
    if sum(question["stance"] == "not-stated" for question in questions) != 20:
        wrong.append("not twenty questions that the text does not answer")
    return wrong


def main():
    documents, questions = read("documents.jsonl"), read("questions.jsonl")
    wrong = check(documents, questions)
    stances = collections.Counter(question["stance"] for question in questions)
    summary = ", ".join(f"{stances[stance]} {stance}" for stance in STANCES)
    print("\n".join(wrong) or f"{len(documents)} documents, {len(questions)} questions ({summary}), nothing wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
