#!/usr/bin/env python3
"""Makes files in the form of PubMed's baseline out of abstracts: baseline.py ABSTRACTS.jsonl[.gz] FOLDER RECORDS [FILES].

Records beyond the abstracts repeat them under PMIDs of their own. One record in a thousand is damaged: half of these are not well formed,
the others have no text. The same arguments give the same bytes.
"""

import gzip
import json
import sys
from pathlib import Path
from xml.sax.saxutils import escape


def record(number, title, text):
    pmid = 30_000_000 + number
    if number % 2000 == 1999:
        title, text = "", ""
    broken = "<Broken>" if number % 2000 == 999 else ""
    return f"""<PubmedArticle>
    <MedlineCitation Status="MEDLINE" Owner="NLM">
      <PMID Version="1">{pmid}</PMID>
      <DateRevised><Year>2025</Year><Month>11</Month><Day>30</Day></DateRevised>
      <Article PubModel="Print">{broken}
        <Journal><ISSN IssnType="Print">0000-0000</ISSN><JournalIssue CitedMedium="Print"><Volume>1</Volume><PubDate><Year>2020</Year></PubDate></JournalIssue><Title>Journal of Trials</Title></Journal>
        <ArticleTitle>{escape(title)}</ArticleTitle>
        <Abstract><AbstractText>{escape(text)}</AbstractText></Abstract>
        <AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Doe</LastName><ForeName>J</ForeName></Author></AuthorList>
        <Language>eng</Language>
        <PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList>
      </Article>
      <MeshHeadingList><MeshHeading><DescriptorName UI="D006801" MajorTopicYN="N">Humans</DescriptorName></MeshHeading></MeshHeadingList>
    </MedlineCitation>
    <PubmedData><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId></ArticleIdList></PubmedData>
  </PubmedArticle>
"""


def main():
    source, folder, records = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    files = int(sys.argv[4]) if len(sys.argv) > 4 else -(-records // 30_000)
    opened = gzip.open(source, "rt") if source.endswith(".gz") else open(source)
    abstracts = []
    for line in opened:
        one = json.loads(line)
        text = one.get("abstract") or one.get("text") or ""
        abstracts.append((one.get("title") or text.split(". ")[0], text))
    folder.mkdir(parents=True, exist_ok=True)
    for file in range(files):
        path = folder / f"pubmed26n{file + 1:04}.xml.gz"
        # Without a time in it, so that the bytes are the same.
        with open(path, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as to:
            to.write(b'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet SYSTEM "http://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>\n')
            for number in range(records * file // files, records * (file + 1) // files):
                to.write(record(number, *abstracts[number % len(abstracts)]).encode())
            to.write(b"</PubmedArticleSet>\n")


if __name__ == "__main__":
    main()
