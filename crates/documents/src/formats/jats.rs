//! Article XML of PubMed Central and publishers: JATS, and the NLM document types before it.
//!
//! Read are title, abstracts, body text and the captions of figures and tables. Tables themselves, references, footnotes,
//! back matter, and letters and responses inside an article are left out, and each is told.

use super::ReadError;
use super::import::Intake;
use super::xml::{self, Element, Node, Record, collapse, push_node};
use crate::{Document, Infons};

/// Reads the articles one by one.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    xml::each(text, &["article"], intake, |Record { line, element }, intake| {
        let document = article(&element, intake);
        let place = format!("line {line}, article {}", document.id);
        intake.document(document, place);
    })
}

fn article(article: &Element, intake: &mut Intake<'_>) -> Document {
    let front = article.child("front").or_else(|| article.child("front-stub")).unwrap_or(article);
    let meta = front.child("article-meta").unwrap_or(front);
    let mut infons = bibliography(front, meta);
    infons.extend(article.attribute("article-type").map(|kind| ("article_type".to_owned(), kind.to_owned())));
    let id = ["pmid", "pmc", "doi"].iter().find_map(|key| infons.get(*key)).cloned().unwrap_or_default();
    let mut document = Document { id, infons, ..Document::default() };
    let titles = meta.child("title-group").unwrap_or(meta);
    document.push_passage("title", &title(titles));
    let translated = titles.all("trans-title-group").chain(titles.all("trans-title"));
    intake.left_out("titles in other languages", translated.count());
    intake.left_out("short titles", titles.all("alt-title").count());
    intake.left_out("notes about the authors", meta.all("author-notes").count());

    let (side, main): (Vec<&Element>, Vec<&Element>) =
        meta.all("abstract").partition(|part| is_side_abstract(part));
    // Those that repeat an abstract are read where they are the only ones.
    let (mut chosen, others) = if main.is_empty() { (side, Vec::new()) } else { (main, side) };
    let mut translated: Vec<&Element> = meta.all("trans-abstract").collect();
    if chosen.is_empty() {
        chosen.extend(translated.drain(..translated.len().min(1)));
    }
    for part in chosen {
        blocks(part, "abstract", None, &mut document, intake);
    }
    intake.left_out("further abstracts (graphical, short, for the public)", others.len());
    intake.left_out("abstracts in other languages", translated.len());
    if let Some(body) = article.child("body") {
        blocks(body, "body", None, &mut document, intake);
    }
    for floats in article.all("floats-group").chain(article.all("floats-wrap")) {
        blocks(floats, "body", None, &mut document, intake);
    }
    for part in article.all("back").flat_map(Element::elements) {
        leave_out(part, intake);
    }
    intake.left_out("references", article.everywhere("ref").len());
    intake.left_out(
        "footnotes",
        [Some(meta), article.child("body")].into_iter().flatten().map(footnotes).sum(),
    );
    let parts = ["sub-article", "response"].into_iter().map(|name| article.all(name).count());
    intake.left_out("letters, responses and translations inside articles", parts.sum());
    document
}

/// Title and subtitle, as PubMed joins them.
fn title(titles: &Element) -> String {
    let mut title = words(titles.child("article-title"));
    for part in titles.all("subtitle").map(|part| words(Some(part))).filter(|part| !part.is_empty()) {
        if !title.is_empty() {
            title.push_str(if title.ends_with([':', '?', '!', '.']) { " " } else { ": " });
        }
        title.push_str(&part);
    }
    title
}

/// Counts a part that is not read.
fn leave_out(part: &Element, intake: &mut Intake<'_>) {
    match &*part.name {
        "ack" => intake.left_out("acknowledgements", 1),
        "app" => intake.left_out("appendices", 1),
        "app-group" => intake.left_out("appendices", part.all("app").count().max(1)),
        "glossary" => intake.left_out("glossaries", 1),
        "notes" => intake.left_out("notes of the back matter", 1),
        "sec" => intake.left_out("sections of the back matter", 1),
        "bio" => intake.left_out("biographies", 1),
        "fn-group" | "fn" => intake.left_out("footnotes", part.everywhere("fn").len().max(1)),
        // References are counted for the article as a whole.
        "ref-list" | "title" | "label" => {}
        _ => intake.left_out("other parts of the back matter", 1),
    }
}

/// The footnotes in text; those of tables go with the tables, and groups of them are counted where they stand.
fn footnotes(element: &Element) -> usize {
    let inside =
        element.elements().filter(|part| !matches!(&*part.name, "table-wrap" | "fn-group" | "author-notes"));
    inside.map(|part| if &*part.name == "fn" { 1 } else { footnotes(part) }).sum()
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
    let own = element.child("title").filter(|_| matches!(&*element.name, "sec" | "abstract"));
    let heading = own.map(|title| words(Some(title))).filter(|title| !title.is_empty());
    let section = heading.as_deref().or(section);
    let mut loose = String::new();
    // "2.1" or "Box 3", for the title or the words that follow.
    let mut label = String::new();
    for child in &element.children {
        match child {
            Node::Element(inner) if !is_inline(&inner.name) => {
                push(kind, &collapse(&std::mem::take(&mut loose)), section, document);
                let label_before = std::mem::take(&mut label);
                match &*inner.name {
                    "label" if is_labeled(&element.name) => label = words(Some(inner)),
                    "title" | "caption" => {
                        let kind = if &*inner.name == "title" { "heading" } else { kind };
                        let whole = collapse(&format!("{label_before} {}", words(Some(inner))));
                        push(kind, &whole, section, document);
                    }
                    _ => {
                        push("heading", &label_before, section, document);
                        block(inner, kind, section, document, intake);
                    }
                }
            }
            child => push_node(child, &is_left_out, &mut loose),
        }
    }
    push(kind, &collapse(&loose), section, document);
    push("heading", &label, section, document);
}

/// Parts whose label belongs to their title or words. That of a section's list item is a mark.
fn is_labeled(name: &str) -> bool {
    matches!(name, "sec" | "app" | "boxed-text" | "statement" | "fig-group" | "supplementary-material")
}

fn block(
    inner: &Element,
    kind: &str,
    section: Option<&str>,
    document: &mut Document,
    intake: &mut Intake<'_>,
) {
    match &*inner.name {
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
            let beside = ["alt-text", "long-desc", "attrib", "permissions"];
            let beside = beside.into_iter().map(|name| inner.all(name).count());
            intake.left_out("credits and descriptions of figures", beside.sum());
        }
        "p" => paragraph(inner, kind, section, document, intake),
        "disp-formula" | "disp-formula-group" | "preformat" | "code" | "term" => {
            push(kind, &words(Some(inner)), section, document);
        }
        "table" => intake.left_out("tables", 1),
        "fn-group" | "ack" | "glossary" | "notes" => leave_out(inner, intake),
        "ref-list" | "fn" | "object-id" | "sec-meta" | "label" | "graphic" | "media" => {}
        _ => push(kind, &words(Some(inner)), section, document),
    }
}

/// A paragraph: lists and quotes inside it in their place; figures and tables, which float, after it.
fn paragraph(
    paragraph: &Element,
    kind: &str,
    section: Option<&str>,
    document: &mut Document,
    intake: &mut Intake<'_>,
) {
    let mut text = String::new();
    let mut floats = Vec::new();
    for child in &paragraph.children {
        match child {
            Node::Element(part) if matches!(&*part.name, "fig" | "fig-group" | "table-wrap" | "table") => {
                text.push(' ');
                floats.push(part);
            }
            Node::Element(part)
                if matches!(&*part.name, "boxed-text" | "list" | "def-list" | "disp-quote" | "sec" | "p") =>
            {
                push(kind, &collapse(&std::mem::take(&mut text)), section, document);
                block(part, kind, section, document, intake);
            }
            child => push_node(child, &is_left_out, &mut text),
        }
    }
    push(kind, &collapse(&text), section, document);
    for part in floats {
        block(part, kind, section, document, intake);
    }
}

fn push(kind: &str, text: &str, section: Option<&str>, document: &mut Document) {
    if let Some(passage) = document.push_passage(kind, text)
        && let Some(section) = section.filter(|section| *section != text)
    {
        passage.infons.insert("section".to_owned(), section.to_owned());
    }
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

/// What is not for reading inside text: TeX sources beside MathML, file names, tables, footnotes and their marks.
fn is_left_out(element: &Element) -> bool {
    if &*element.name == "xref"
        && matches!(element.attribute("ref-type"), Some("fn" | "table-fn" | "author-notes"))
    {
        let mark = element.text();
        return mark.trim().chars().count() <= 3;
    }
    matches!(
        &*element.name,
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
    let related = meta.all("related-article").map(|related| {
        let part = |name: &str| related.attribute(name).unwrap_or_default().to_owned();
        [part("related-article-type"), part("href")].join(" ").trim().to_owned()
    });
    keep("related_articles", related.filter(|one| !one.is_empty()).collect::<Vec<_>>().join("; "));
    let statements = meta.all("funding-group").flat_map(|group| group.all("funding-statement"));
    keep("funding", statements.map(|part| words(Some(part))).collect::<Vec<_>>().join("; "));
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
        assert_eq!(
            import.notices,
            [
                Notice::LeftOut("further abstracts (graphical, short, for the public)", 1),
                Notice::LeftOut("references", 2),
                Notice::LeftOut("tables", 1)
            ]
        );
    }

    fn article(front: &str, rest: &str) -> crate::formats::Import {
        let text = format!(
            "<article><front><article-meta><article-id pub-id-type=\"pmid\">5</article-id>{front}</article-meta></front>{rest}</article>"
        );
        read(text.as_bytes(), "a.xml").unwrap()
    }

    fn told(import: &crate::formats::Import) -> Vec<String> {
        import.notices.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_only_abstract_is_read_whatever_its_type() {
        let title = "<title-group><article-title>Zinc</article-title></title-group>";
        for kind in ["graphical", "short", "executive-summary", "teaser"] {
            let import = article(
                &format!("{title}<abstract abstract-type=\"{kind}\"><p>Zinc caused nausea.</p></abstract>"),
                "",
            );
            assert_eq!(import.documents[0].text, "Zinc\nZinc caused nausea.", "{kind}");
            assert!(import.notices.is_empty(), "{:?}", import.notices);
        }
        let graphical = "<abstract abstract-type=\"graphical\"><p>A picture.</p></abstract>";
        let import = article(&format!("{title}{graphical}<abstract><p>Real.</p></abstract>{graphical}"), "");
        assert_eq!(import.documents[0].text, "Zinc\nReal.");
        assert_eq!(told(&import), ["Left out: further abstracts (graphical, short, for the public) (2)."]);
    }

    #[test]
    fn joins_title_and_subtitle() {
        for (title, subtitle, joined) in
            [("Zinc", "a trial", "Zinc: a trial"), ("Why zinc?", "A trial", "Why zinc? A trial")]
        {
            let import = article(
                &format!(
                    "<title-group><article-title>{title}</article-title><subtitle>{subtitle}</subtitle></title-group>"
                ),
                "",
            );
            assert_eq!(import.documents[0].text, joined);
        }
    }

    #[test]
    fn lists_and_quotes_stand_where_they_stand() {
        let body = "<body><p>One. <list><list-item><p>Two.</p></list-item></list> Three <disp-quote><p>Four.</p></disp-quote> Five.\
                    <fig><caption><p>A figure.</p></caption></fig> Six <italic>in vivo</italic>.</p></body>";
        let import = article("", body);
        assert_eq!(import.documents[0].text, "One.\nTwo.\nThree\nFour.\nFive. Six in vivo.\nA figure.");
    }

    #[test]
    fn tells_every_part_that_is_not_read() {
        let rest = "<body><p>Nausea<xref ref-type=\"fn\" rid=\"f\">a</xref><fn id=\"f\"><p>In two.</p></fn>.</p></body>\
            <back><ack><p>Thanks.</p></ack><glossary><p>AE</p></glossary><app-group><app><p>A</p></app><app><p>B</p></app></app-group>\
            <notes><p>Data.</p></notes><fn-group><fn><p>None.</p></fn></fn-group><sec><p>Extra.</p></sec><bio><p>He.</p></bio></back>\
            <sub-article><body><p>A letter.</p></body></sub-article><response><body><p>A reply.</p></body></response>";
        let import = article("", rest);
        assert_eq!(import.documents[0].text, "Nausea.");
        assert_eq!(
            told(&import),
            [
                "Left out: acknowledgements (1).",
                "Left out: appendices (2).",
                "Left out: biographies (1).",
                "Left out: footnotes (2).",
                "Left out: glossaries (1).",
                "Left out: letters, responses and translations inside articles (2).",
                "Left out: notes of the back matter (1).",
                "Left out: sections of the back matter (1)."
            ]
        );
    }

    #[test]
    fn labels_stand_before_their_titles() {
        let body = "<body><sec><label>2.1</label><title>Doses</title><p>High.</p></sec>\
            <boxed-text><label>Box 3</label><caption><title>Signs</title></caption><p>Pale.</p></boxed-text>\
            <statement><label>Rule 1</label><p>Stop.</p></statement></body>";
        let import = article("", body);
        assert_eq!(import.documents[0].text, "2.1 Doses\nHigh.\nBox 3 Signs\nPale.\nRule 1\nStop.");
        assert_eq!(import.documents[0].passages[1].infons["section"], "Doses");
    }

    #[test]
    fn keeps_what_an_article_is_and_is_about() {
        let front = "<title-group><article-title>Retraction</article-title><alt-title>Short</alt-title></title-group>\
            <author-notes><fn><p>Equal.</p></fn></author-notes>\
            <related-article related-article-type=\"retracted-article\" xlink:href=\"10.1/y\" xmlns:xlink=\"x\"/>";
        let text = format!(
            "<article article-type=\"retraction\"><front><article-meta>{front}</article-meta></front></article>"
        );
        let import = read(text.as_bytes(), "a.xml").unwrap();
        let infons = &import.documents[0].infons;
        assert_eq!(infons["article_type"], "retraction");
        assert_eq!(infons["related_articles"], "retracted-article 10.1/y");
        assert_eq!(told(&import), ["Left out: notes about the authors (1).", "Left out: short titles (1)."]);
    }

    #[test]
    fn an_only_abstract_is_read_in_any_language() {
        let abstracts = "<trans-abstract><p>Eisen hilft.</p></trans-abstract><trans-abstract><p>Le zinc aide.</p></trans-abstract>";
        let import = article(abstracts, "");
        assert_eq!(import.documents[0].text, "Eisen hilft.");
        assert_eq!(told(&import), ["Left out: abstracts in other languages (1)."]);
        let import = article(&format!("<abstract><p>Zinc helps.</p></abstract>{abstracts}"), "");
        assert_eq!(import.documents[0].text, "Zinc helps.");
    }
}
