//! Article XML of PubMed Central and publishers: JATS, and the NLM document types before it.
//!
//! Read are title, abstracts, body text and the captions of figures and tables. Tables themselves, references and
//! back matter are left out, and said so.

use super::ReadError;
use super::import::Intake;
use super::xml::{self, Element, Node, Records, collapse};
use crate::{Document, Infons};

/// Reads the articles one by one.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    for record in Records::new(text, &["article"], intake)? {
        if intake.is_full() {
            break;
        }
        match record.element {
            Ok(element) => {
                let document = article(&element, intake);
                let place = format!("line {}, article {}", record.line, document.id);
                intake.document(document, place);
            }
            Err(problem) => xml::report(record.line, &problem, intake),
        }
    }
    Ok(())
}

fn article(article: &Element, intake: &mut Intake<'_>) -> Document {
    let front = article.child("front").or_else(|| article.child("front-stub")).unwrap_or(article);
    let meta = front.child("article-meta").unwrap_or(front);
    let infons = bibliography(front, meta);
    let id = ["pmid", "pmc", "doi"].iter().find_map(|key| infons.get(*key)).cloned().unwrap_or_default();
    let mut document = Document { id, infons, ..Document::default() };
    let titles = meta.child("title-group").unwrap_or(meta);
    document.push_passage("title", &words(titles.child("article-title")));

    let abstracts = ["abstract", "trans-abstract"].into_iter().flat_map(|name| meta.all(name));
    for part in abstracts.filter(|part| part.name == "abstract" && !is_side_abstract(part)) {
        blocks(part, "abstract", None, &mut document, intake);
    }
    intake.left_out("abstracts in other languages", meta.all("trans-abstract").count());
    if let Some(body) = article.child("body") {
        blocks(body, "body", None, &mut document, intake);
    }
    if let Some(floats) = article.child("floats-group").or_else(|| article.child("floats-wrap")) {
        blocks(floats, "body", None, &mut document, intake);
    }
    intake.left_out("references", article.everywhere("ref").len());
    document
}

/// Teasers and graphical abstracts repeat the abstract.
fn is_side_abstract(element: &Element) -> bool {
    matches!(
        element.attribute("abstract-type"),
        Some("teaser" | "toc" | "graphical" | "precis" | "short" | "web-summary" | "executive-summary")
    )
}

/// The paragraphs of a section, in reading order, each a passage.
fn blocks(
    element: &Element,
    kind: &str,
    section: Option<&str>,
    document: &mut Document,
    intake: &mut Intake<'_>,
) {
    let own = element.child("title").filter(|_| element.name == "sec" || element.name == "abstract");
    let heading = own.map(|title| words(Some(title))).filter(|title| !title.is_empty());
    let section = heading.as_deref().or(section);
    let mut loose = String::new();
    for child in &element.children {
        match child {
            Node::Text(text) => loose.push_str(text),
            Node::Element(inner) => {
                if is_inline(&inner.name) {
                    loose.push_str(&words(Some(inner)));
                    continue;
                }
                push(kind, &collapse(&std::mem::take(&mut loose)), section, document);
                block(inner, kind, section, document, intake);
            }
        }
    }
    push(kind, &collapse(&loose), section, document);
}

fn block(
    inner: &Element,
    kind: &str,
    section: Option<&str>,
    document: &mut Document,
    intake: &mut Intake<'_>,
) {
    match inner.name.as_str() {
        "title" => push("heading", &words(Some(inner)), section, document),
        "sec"
        | "list"
        | "list-item"
        | "boxed-text"
        | "disp-quote"
        | "def-list"
        | "def-item"
        | "def"
        | "statement"
        | "speech"
        | "verse-group"
        | "fig-group"
        | "supplementary-material"
        | "app" => {
            blocks(inner, kind, section, document, intake);
        }
        "fig" | "table-wrap" => {
            let label = words(inner.child("label"));
            let caption = words(inner.child("caption"));
            push("caption", &collapse(&format!("{label} {caption}")), section, document);
            intake.left_out("tables", inner.everywhere("table").len());
        }
        "p" => {
            // Figures and lists stand inside paragraphs in older files; they follow the paragraph.
            push(kind, &inner.words(&|part| is_left_out(part) || is_block(&part.name)), section, document);
            for part in inner.elements().filter(|part| is_block(&part.name)) {
                block(part, kind, section, document, intake);
            }
        }
        "disp-formula" | "disp-formula-group" | "preformat" | "code" | "term" => {
            push(kind, &words(Some(inner)), section, document);
        }
        "table" => intake.left_out("tables", 1),
        "ref-list" | "fn-group" | "ack" | "object-id" | "sec-meta" | "label" | "graphic" | "media" => {}
        _ => push(kind, &words(Some(inner)), section, document),
    }
}

fn push(kind: &str, text: &str, section: Option<&str>, document: &mut Document) {
    if let Some(passage) = document.push_passage(kind, text)
        && let Some(section) = section.filter(|section| *section != text)
    {
        passage.infons.insert("section".to_owned(), section.to_owned());
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "fig"
            | "table-wrap"
            | "fig-group"
            | "boxed-text"
            | "list"
            | "def-list"
            | "table"
            | "disp-quote"
            | "sec"
    )
}

fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "italic"
            | "bold"
            | "sup"
            | "sub"
            | "sc"
            | "underline"
            | "xref"
            | "ext-link"
            | "styled-content"
            | "monospace"
            | "named-content"
            | "inline-formula"
            | "email"
            | "uri"
            | "abbrev"
            | "roman"
            | "sans-serif"
            | "strike"
    )
}

/// What is not for reading inside text: TeX sources beside MathML, file names, tables.
fn is_left_out(element: &Element) -> bool {
    matches!(
        element.name.as_str(),
        "tex-math"
            | "annotation"
            | "object-id"
            | "graphic"
            | "inline-graphic"
            | "media"
            | "table"
            | "fn"
            | "alt-text"
            | "long-desc"
            | "inline-supplementary-material"
            | "processing-meta"
            | "permissions"
            | "attrib"
    )
}

fn words(element: Option<&Element>) -> String {
    element.map(|element| element.words(&is_left_out)).unwrap_or_default()
}

fn bibliography(front: &Element, meta: &Element) -> Infons {
    let mut infons = Infons::new();
    let mut keep = |key: &str, value: String| {
        if !value.is_empty() {
            infons.entry(key.to_owned()).or_insert(value);
        }
    };
    for id in meta.all("article-id") {
        match id.attribute("pub-id-type") {
            Some("pmid") => keep("pmid", words(Some(id))),
            Some("pmc" | "pmcid") => {
                let number = words(Some(id));
                keep("pmc", if number.starts_with("PMC") { number } else { format!("PMC{number}") });
            }
            Some("doi") => keep("doi", words(Some(id))),
            _ => {}
        }
    }
    let journal = front.child("journal-meta");
    keep("journal", words(journal.and_then(|journal| journal.at(&["journal-title-group", "journal-title"]))));
    keep("journal", words(journal.and_then(|journal| journal.child("journal-title"))));
    let years = meta.all("pub-date").map(|date| words(date.child("year"))).filter(|year| !year.is_empty());
    keep("year", years.min().unwrap_or_default());
    let authors = meta.all("contrib-group").flat_map(|group| group.all("contrib"));
    let names = authors.filter_map(|author| {
        let name = author.child("name").or_else(|| author.at(&["name-alternatives", "name"]));
        let name = match name {
            Some(name) => [words(name.child("surname")), words(name.child("given-names"))]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            None => words(author.child("collab").or_else(|| author.child("string-name"))),
        };
        (!name.is_empty()).then_some(name)
    });
    keep("authors", names.collect::<Vec<_>>().join("; "));
    let keywords =
        meta.all("kwd-group").flat_map(|group| group.all("kwd")).map(|keyword| words(Some(keyword)));
    keep("keywords", keywords.filter(|keyword| !keyword.is_empty()).collect::<Vec<_>>().join("; "));
    let licence = meta.at(&["permissions", "license"]);
    keep("licence", licence.and_then(|licence| licence.attribute("href")).unwrap_or_default().to_owned());
    infons
}

#[cfg(test)]
mod tests {
    use crate::formats::{Format, Notice, read};

    #[test]
    fn reads_title_abstract_body_and_captions() {
        let text = r#"<!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.0//EN" "JATS.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><journal-meta><journal-title>Gut</journal-title></journal-meta>
<article-meta><article-id pub-id-type="pmid">5</article-id><article-id pub-id-type="pmc">77</article-id>
<title-group><article-title>On <italic>H. pylori</italic> &amp; ulcers</article-title></title-group>
<pub-date><year>2001</year></pub-date>
<abstract><title>Summary</title><sec><title>Aim</title><p>To look.</p></sec></abstract>
<abstract abstract-type="teaser"><p>Wow.</p></abstract></article-meta></front>
<body><sec><title>Methods</title><p>We looked [<xref rid="b1">1</xref>].<fig><label>Figure 1</label>
<caption><p>A stomach.</p></caption></fig></p><p>Dose <inline-formula><tex-math>\begin{x}</tex-math>x</inline-formula>.</p>
<table-wrap><label>Table 1</label><caption><p>Doses.</p></caption><table><tr><td>1</td></tr></table></table-wrap></sec></body>
<back><ref-list><ref>One</ref><ref>Two</ref></ref-list></back></article>"#;
        let import = read(text.as_bytes(), "a.nxml").unwrap();
        assert_eq!(import.format, Format::Jats);
        let document = &import.documents[0];
        assert_eq!(document.id, "5");
        assert_eq!(
            document.text,
            "On H. pylori & ulcers\nSummary\nAim\nTo look.\nMethods\nWe looked [1].\nFigure 1 A stomach.\nDose x.\n\
             Table 1 Doses."
        );
        let kinds: Vec<&str> = document.passages.iter().map(|passage| passage.kind.as_str()).collect();
        assert_eq!(
            kinds,
            ["title", "heading", "heading", "abstract", "heading", "body", "caption", "body", "caption"]
        );
        assert_eq!(document.passages[5].infons["section"], "Methods");
        assert_eq!(import.notices, [Notice::LeftOut("references", 2), Notice::LeftOut("tables", 1)]);
    }
}
