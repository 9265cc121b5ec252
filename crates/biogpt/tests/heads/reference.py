#!/usr/bin/env python3
"""Writes reference.json: heads with random weights and what they give, computed plainly from their definitions.

Run it beside the fixture: python3 reference.py > reference.json. Nothing but Python's own library is used.
"""

import json
import math
import random

random.seed(7)
D, TOKENS, HINTS, KINDS, INNER, HEADS, BLOCK = 8, 9, 2, 2, 8, 2, 4
WEIGHTS = {}


def matrix(rows, columns, scale=0.5):
    return [[round(random.gauss(0, scale), 4) for _ in range(columns)] for _ in range(rows)]


def linear(name, outputs, inputs):
    WEIGHTS[f"{name}.weight"] = matrix(outputs, inputs)
    WEIGHTS[f"{name}.bias"] = matrix(1, outputs, 0.2)[0]

    def apply(x):
        rows = zip(WEIGHTS[f"{name}.weight"], WEIGHTS[f"{name}.bias"])
        return [sum(w * v for w, v in zip(row, x)) + bias for row, bias in rows]

    return apply


def gelu(x):
    return [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in x]


def softmax(x):
    top = max(x)
    e = [math.exp(v - top) for v in x]
    return [v / sum(e) for v in e]


def mean(rows):
    return [sum(column) / len(rows) for column in zip(*rows)]


def weighted(weights, rows):
    return [sum(w * v for w, v in zip(weights, column)) for column in zip(*rows)]


states, hints = matrix(TOKENS, D, 1.0), matrix(TOKENS, HINTS, 1.0)

# Tagger: two maps over a token's state and its hints.
up, out = linear("mentions.up", INNER, D + HINTS), linear("mentions.out", 3 * KINDS, INNER)
tags = [out(gelu(up(state + hint))) for state, hint in zip(states, hints)]

# Pair scorer: an entity is the log-sum-exp of its mentions, a mention the mean of its tokens; a pair looks at the text with an
# attention of its own; both sides are compared by a bilinear form in blocks.
entities = [[[1, 3], [6, 7]], [[4, 5]], [[5, 8]]]
pairs = [[0, 1], [2, 0]]
query, key, value = linear("pairs.0.query", INNER, 2 * D), linear("pairs.0.key", INNER, D), linear("pairs.0.value", INNER, D)
head, tail = linear("pairs.0.head", INNER, D + INNER), linear("pairs.0.tail", INNER, D + INNER)
score = linear("pairs.0.out", 3, INNER * BLOCK + 2 * INNER)


def entity(mentions):
    vectors = [mean(states[a:b]) for a, b in mentions]
    return [math.log(sum(math.exp(v) for v in column)) for column in zip(*vectors)]


def pair(h, t):
    h, t = entity(entities[h]), entity(entities[t])
    q, keys, values = query(h + t), [key(s) for s in states], [value(s) for s in states]
    width, context = INNER // HEADS, []
    for i in range(HEADS):
        part = slice(i * width, (i + 1) * width)
        attention = softmax([sum(a * b for a, b in zip(q[part], k[part])) / math.sqrt(width) for k in keys])
        context += weighted(attention, [v[part] for v in values])
    left, right = gelu(head(h + context)), gelu(tail(t + context))
    products = []
    for i in range(0, INNER, BLOCK):
        products += [a * b for a in left[i : i + BLOCK] for b in right[i : i + BLOCK]]
    return score(products + left + right)


# Classifier: an attention with one learned question and the mean, over a part of the text.
question, class_up, class_out = linear("classes.0.question", 1, D), linear("classes.0.up", INNER, 2 * D), linear("classes.0.out", 3, INNER)
parts = [[0, 9], [2, 5]]


def classify(a, b):
    own = states[a:b]
    attention = softmax([question(s)[0] for s in own])
    return class_out(gelu(class_up(weighted(attention, own) + mean(own))))


print(
    json.dumps(
        {
            "shape": {
                "mentions": {"kinds": ["a", "b"], "hints": HINTS, "inner": INNER},
                "pairs": [{"name": "p", "labels": ["none", "x", "y"], "inner": INNER, "heads": HEADS, "block": BLOCK}],
                "classes": [{"name": "c", "labels": ["x", "y", "z"], "exclusive": True, "inner": INNER}],
            },
            "weights": WEIGHTS,
            "states": states,
            "hints": hints,
            "entities": entities,
            "pairs": pairs,
            "parts": parts,
            "expected": {
                "tags": tags,
                "pairs": [pair(h, t) for h, t in pairs],
                "classes": [classify(a, b) for a, b in parts],
            },
        }
    )
)
