#!/usr/bin/env python3
"""Makes a file of the PubMed records that are worth a curator's time, to be read into a library:

    cohort.py results/findings files.txt cohort.xml --concept MESH:D000638 --score 0.5 0.8
    cohort.py results/findings files.txt cohort.xml --differs-from other/findings
    osler-cli batch --task bc5cdr --library cohort.osler cohort.xml

Needs `pip install duckdb`. Records are chosen by a concept that a finding names, by a range of scores, by relations that one of two
sets of findings has and the other has not, or by several of these together.
"""

import argparse
import gzip
import sys
from pathlib import Path
from xml.etree import ElementTree

import duckdb

# What a relation says: its kind and names, each by its first id or else by its words.
KEY = ", ".join(
    ["document", "kind"] + [f"coalesce({side}_ids[1], lower({side}_name))" for side in ("subject", "object")]
)


def chosen(arguments):
    """(file, document) of the records that are chosen, the most findings first."""
    conditions, parameters = ["true"], []
    if arguments.concept:
        conditions.append("(list_contains(subject_ids, ?) or list_contains(object_ids, ?))")
        parameters += [arguments.concept] * 2
    if arguments.score:
        conditions.append("score between ? and ?")
        parameters += arguments.score
    these = f"read_parquet('{arguments.findings}/*.parquet')"
    source = these
    if arguments.differs_from:
        those = f"read_parquet('{arguments.differs_from}/*.parquet')"
        relations = "statement = 'relation'"
        one_sided = [
            f"select * from {a} where {relations} and ({KEY}) not in (select ({KEY}) from {b} where {relations})"
            for a, b in ((these, those), (those, these))
        ]
        source = f"({' union all '.join(one_sided)})"
    query = f"""
        select file, document, count(*) as findings from {source} where {' and '.join(conditions)}
        group by file, document order by findings desc, document limit {arguments.most}
    """
    return duckdb.execute(query, parameters).fetchall()


def records(path, wanted):
    """The records of a file of PubMed whose ids are wanted, as XML."""
    opened = gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")
    with opened as file:
        for _, element in ElementTree.iterparse(file):
            if element.tag in ("PubmedArticle", "PubmedBookArticle"):
                pmid = element.findtext("MedlineCitation/PMID") or element.findtext("BookDocument/PMID")
                if pmid in wanted:
                    yield ElementTree.tostring(element)
                element.clear()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("findings", help="a folder of findings")
    parser.add_argument("files", type=Path, help="the list of input files that the findings are of")
    parser.add_argument("to", type=Path, help="the file of records to write")
    parser.add_argument("--concept", help="an id that a finding names, such as MESH:D000638")
    parser.add_argument("--score", type=float, nargs=2, metavar=("FROM", "TO"), help="a range of scores")
    parser.add_argument("--differs-from", help="another folder of findings about the same files")
    parser.add_argument("--most", type=int, default=200, help="records at most (200)")
    arguments = parser.parse_args()
    of_file = {}
    for file, document, _ in chosen(arguments):
        of_file.setdefault(file, set()).add(document)
    if not of_file:
        sys.exit("no finding is like that: nothing was written")
    lines = [line.strip() for line in arguments.files.read_text().splitlines()]
    paths = {Path(line).name: arguments.files.parent / line for line in lines if line and not line.startswith("#")}
    count = 0
    with open(arguments.to, "wb") as to:
        to.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<PubmedArticleSet>\n')
        for file, wanted in sorted(of_file.items()):
            for record in records(paths[file], wanted):
                to.write(record)
                count += 1
        to.write(b"</PubmedArticleSet>\n")
    print(f"{count} records in {arguments.to}")


if __name__ == "__main__":
    main()
