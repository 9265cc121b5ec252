//! A self-contained review report: texts with their mentions, relations with evidence and decisions, and how to
//! reproduce them. One file, no scripts, nothing fetched; made for screen and print, light and dark.

mod marks;

use crate::formats::statements::{properties, property, statement, statements};
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::index::Index;
use super::training::Decision;
use super::xml::escape;
use super::{EVIDENCE_PLACE, EVIDENCE_STANCE, Format, RUN, WriteOptions, identifiers, records, table};
use crate::{Argument, Document, Relation, Target};

/// Kinds of mentions that have a look of their own; further ones share these.
const LOOKS: usize = 8;

/// The properties of a document that stand under its heading.
const SHOWN: [&str; 4] = ["authors", "journal", "year", "doi"];

/// Whether the page shows this property of a document.
pub(super) fn shows(key: &str) -> bool {
    let said = statement(key);
    SHOWN.contains(&key)
        || said.is_some_and(|(.., rest)| {
            matches!(rest, "" | "question" | "score")
                || rest.starts_with("decision.")
                || rest.starts_with("evidence.")
        })
}

/// Writes the report.
pub(super) fn write(documents: &[Document], options: &WriteOptions) -> String {
    let looks = looks(documents);
    let title = if options.name.is_empty() { "Review report" } else { options.name.as_str() };
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n");
    let _ = write!(
        page,
        "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
        escape(title),
        include_str!("html/report.css")
    );
    push_head(&mut page, title, documents, options);
    if documents.len() > 1 {
        push_contents(&mut page, documents);
    }
    push_legend(&mut page, &looks);
    page.push_str("<main>\n");
    for (number, document) in documents.iter().enumerate() {
        push_document(&mut page, number, document, &looks);
    }
    page.push_str("</main>\n");
    push_runs(&mut page, documents, options);
    page.push_str("<footer><p>Made with Osler. Suggestions of a language model, reviewed as marked; not a medical device.</p></footer>\n</body>\n</html>\n");
    page
}

/// The kinds of mentions, each with its look.
fn looks(documents: &[Document]) -> BTreeMap<&str, usize> {
    let mut looks = BTreeMap::new();
    for entity in documents.iter().flat_map(|document| &document.entities) {
        let next = looks.len() % LOOKS;
        looks.entry(entity.kind.as_str()).or_insert(next);
    }
    looks
}

fn push_head(page: &mut String, title: &str, documents: &[Document], options: &WriteOptions) {
    let relations = || documents.iter().flat_map(|document| &document.relations);
    let decided = |wanted: Decision| relations().filter(|relation| Decision::of(relation) == wanted).count();
    let mentions: usize = documents.iter().map(|document| document.entities.len()).sum();
    let _ = write!(page, "<header>\n<h1>{}</h1>\n", escape(title));
    if !options.task.is_empty() {
        let _ = writeln!(page, "<p>Task: {}</p>", escape(&options.task));
    }
    page.push_str("<dl class=\"counts\">\n");
    for (name, count) in [
        ("documents", documents.len()),
        ("mentions", mentions),
        ("relations", relations().count()),
        ("accepted", decided(Decision::Accepted)),
        ("rejected", decided(Decision::Rejected)),
        ("open", decided(Decision::Open)),
    ] {
        let _ = writeln!(page, "<div><dt>{name}</dt><dd>{count}</dd></div>");
    }
    page.push_str("</dl>\n</header>\n");
}

fn push_contents(page: &mut String, documents: &[Document]) {
    page.push_str("<nav aria-label=\"Documents\"><h2>Documents</h2>\n<ol>\n");
    for (number, document) in documents.iter().enumerate() {
        let _ = writeln!(
            page,
            "<li><a href=\"#d{number}\">{}</a> <span class=\"quiet\">{} relations</span></li>",
            escape(heading(document)),
            document.relations.len()
        );
    }
    page.push_str("</ol>\n</nav>\n");
}

fn push_legend(page: &mut String, looks: &BTreeMap<&str, usize>) {
    if looks.is_empty() {
        return;
    }
    page.push_str("<p class=\"legend\"><span class=\"quiet\">Mentions:</span>");
    for (kind, look) in looks {
        let name = if kind.is_empty() { "without a type" } else { kind };
        let _ = write!(page, " <mark class=\"look{look}\">{}</mark>", escape(name));
    }
    page.push_str("</p>\n");
}

fn push_document(page: &mut String, number: usize, document: &Document, looks: &BTreeMap<&str, usize>) {
    let _ = write!(page, "<article id=\"d{number}\">\n<h2>{}</h2>\n", escape(heading(document)));
    let mut details = vec![format!("Document {}", document.id)];
    details.extend(SHOWN.iter().filter_map(|key| document.infons.get(*key)).cloned());
    let _ = writeln!(page, "<p class=\"quiet\">{}</p>", escape(&details.join(" · ")));
    page.push_str("<div class=\"text\">\n");
    marks::push_text(page, number, document, looks);
    page.push_str("</div>\n");
    let says_more = push_statements(page, document);
    if document.relations.is_empty() {
        if !says_more {
            page.push_str("<p class=\"quiet\">No relations.</p>\n");
        }
    } else {
        push_relations(page, number, document);
    }
    page.push_str("</article>\n");
}

/// Answers to questions, and labels of the whole document; tells whether there are any.
fn push_statements(page: &mut String, document: &Document) -> bool {
    let statements: Vec<(&str, &str, &str)> = statements(document).collect();
    if statements.is_empty() {
        return false;
    }
    page.push_str("<ul>\n");
    for (sort, key, value) in &statements {
        let question = if *sort == "answer" { property(document, key, "question") } else { "Label:" };
        let _ = write!(page, "<li>{} <strong>{}</strong>", escape(question), escape(value));
        if let Ok(score) = property(document, key, "score").parse::<f64>() {
            let _ = write!(page, " <span class=\"quiet\">{score:.2}</span>");
        }
        for (curator, decision) in properties(document, key, "decision.") {
            let _ = write!(page, " <span class=\"quiet\">{}: {}</span>", escape(curator), escape(decision));
        }
        for (_, sentence) in properties(document, key, "evidence.") {
            let _ = write!(page, "<blockquote>{}</blockquote>", escape(sentence));
        }
        page.push_str("</li>\n");
    }
    page.push_str("</ul>\n");
    true
}

fn heading(document: &Document) -> &str {
    let title = document.passages.iter().find(|passage| passage.kind == "title");
    title.and_then(|title| title.span.slice(&document.text)).unwrap_or(&document.id)
}

fn push_relations(page: &mut String, number: usize, document: &Document) {
    page.push_str("<table>\n<thead><tr><th scope=\"col\">Decision</th><th scope=\"col\">Relation</th><th scope=\"col\">Score</th><th scope=\"col\">Evidence</th></tr></thead>\n<tbody>\n");
    let index = Index::of(document);
    for relation in &document.relations {
        let (class, mark, word) = match Decision::of(relation) {
            Decision::Accepted => ("accepted", "✓", "accepted"),
            Decision::Rejected => ("rejected", "✗", "rejected"),
            Decision::Open => ("open", "○", "open"),
        };
        let _ = write!(page, "<tr class=\"{class}\"><td class=\"decision\">{mark} {word}</td><td>");
        push_relation(page, number, relation, &index);
        page.push_str("</td><td class=\"score\">");
        if let Some(score) = relation.score {
            let _ = write!(page, "{score:.2}");
        }
        page.push_str("</td><td>");
        for (span, n) in relation.evidence.iter().zip(1..) {
            if let Some(words) = span.slice(&document.text) {
                let _ = write!(page, "<blockquote>{}</blockquote>", escape(words));
            }
            let of = |beginning: &str| relation.infons.get(&format!("{beginning}{n}")).map(String::as_str);
            let known: Vec<&str> = [of(EVIDENCE_STANCE), of(EVIDENCE_PLACE)].into_iter().flatten().collect();
            if !known.is_empty() {
                let _ = write!(page, "<p class=\"quiet\">{}</p>", escape(&known.join(" · ")));
            }
        }
        if let Some(note) = &relation.note {
            let _ = write!(page, "<p class=\"note\">Note: {}</p>", escape(note));
        }
        page.push_str("</td></tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}

fn push_relation(page: &mut String, number: usize, relation: &Relation, index: &Index<'_>) {
    let _ = write!(page, "<strong>{}</strong><ul>", escape(&relation.kind));
    for argument in &relation.arguments {
        page.push_str("<li>");
        if !argument.role.is_empty() {
            let _ = write!(page, "<span class=\"quiet\">{}:</span> ", escape(&argument.role));
        }
        push_participant(page, number, argument, index);
        page.push_str("</li>");
    }
    page.push_str("</ul>");
    let others = relation.infons.iter().filter(|(key, _)| !table::shows_of_relation(key));
    let properties: Vec<String> = others.map(|(key, value)| format!("{key}: {value}")).collect();
    if !properties.is_empty() {
        let _ = write!(page, "<p class=\"quiet\">{}</p>", escape(&properties.join(" · ")));
    }
    if let Some(run) = relation.infons.get(RUN) {
        let _ = write!(page, "<p class=\"quiet\">run {}</p>", escape(run));
    }
}

fn push_participant(page: &mut String, number: usize, argument: &Argument, index: &Index<'_>) {
    let (name, ids, mention) = match &argument.target {
        Target::Entity(id) => match index.entity(id) {
            Some(entity) => (
                entity.text.clone(),
                identifiers::write(&entity.kind, &entity.concepts),
                Some(entity.id.as_str()),
            ),
            None => (id.clone(), String::new(), None),
        },
        Target::Concept(concept) => match index.mention_of(concept) {
            Some(entity) => (entity.text.clone(), identifiers::write_one(concept), Some(entity.id.as_str())),
            None if concept.vocabulary == "name" => (concept.id.clone(), String::new(), None),
            None => (identifiers::write_one(concept), String::new(), None),
        },
        Target::Relation(id) => (format!("relation {id}"), String::new(), None),
    };
    match mention {
        Some(id) => {
            let _ = write!(page, "<a href=\"#{}\">{}</a>", marks::anchor(number, id), escape(&name));
        }
        None => page.push_str(&escape(&name)),
    }
    if !ids.is_empty() {
        let _ = write!(page, " <span class=\"quiet\">{}</span>", escape(&ids));
    }
}

/// How to get the same results again, for people, and as JSON for `osler-cli verify`.
fn push_runs(page: &mut String, documents: &[Document], options: &WriteOptions) {
    if options.runs.is_empty() {
        return;
    }
    page.push_str("<section>\n<h2>How the suggestions were made</h2>\n");
    for (run, record) in &options.runs {
        let _ = write!(page, "<table class=\"run\">\n<caption>Run {}</caption>\n<tbody>\n", escape(run));
        for (key, value) in record {
            let _ =
                writeln!(page, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escape(key), escape(value));
        }
        page.push_str("</tbody>\n</table>\n");
    }
    // A block of data: it is never run. `<` is written so that no value can end the block.
    let json = records::to_json(documents, Format::Html, options).to_string().replace('<', "\\u003c");
    let _ = write!(page, "{DATA}{json}</script>\n</section>\n");
}

const DATA: &str = "<script type=\"application/json\" id=\"osler-runs\">";

/// The block of data of a report.
pub(super) fn data(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(DATA)?;
    Some(rest.split_once("</script>")?.0)
}

/// What a report says about its documents, block by block and without its looks.
pub(super) fn lines(page: &str) -> Vec<String> {
    let main = page.split_once("<main>").map_or("", |(_, rest)| rest);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    let (mut lines, mut line, mut in_row) = (Vec::new(), String::new(), false);
    for piece in main.split_inclusive('>') {
        let (words, tag) = piece.split_once('<').unwrap_or((piece, ""));
        line.push_str(words);
        match tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default() {
            "mark" | "a" => {}
            "tr" => {
                in_row = !tag.starts_with('/');
                lines.push(std::mem::take(&mut line));
            }
            "p" | "h2" | "h3" | "h4" | "article" if !in_row => lines.push(std::mem::take(&mut line)),
            _ => line.push(' '),
        }
    }
    lines.push(line);
    let lines = lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{DECISION, Lost, write};
    use crate::{Concept, Entity, Infons, Span};

    fn document() -> Document {
        let mut document =
            Document::from_parts("<7>", &[("title", "β-blockers & asthma"), ("abstract", "They <harm>.")]);
        let entity = |id: &str, kind: &str, spans: &[(usize, usize)], text: &str| Entity {
            id: id.to_owned(),
            kind: kind.to_owned(),
            spans: spans.iter().map(|(start, end)| Span::new(*start, *end)).collect(),
            text: text.to_owned(),
            concepts: vec![Concept { vocabulary: "MESH".to_owned(), id: format!("D{id}") }],
            note: None,
            score: None,
            infons: Infons::new(),
        };
        document.entities = vec![
            entity("T1", "Chemical", &[(0, 11)], "β-blockers"),
            entity("T2", "Group", &[(3, 20)], "blockers & asthma"),
            entity("T3", "Disease", &[(14, 20)], "asthma"),
        ];
        let argument =
            |role: &str, id: &str| Argument { role: role.to_owned(), target: Target::Entity(id.to_owned()) };
        let mut relation =
            Relation::new("R1", "CID", vec![argument("Chemical", "T1"), argument("Disease", "T3")]);
        relation.score = Some(0.876);
        relation.note = Some("<script>alert(1)</script>".to_owned());
        relation.evidence = vec![Span::new(21, 33)];
        relation.infons.insert(DECISION.to_owned(), "accepted".to_owned());
        document.relations = vec![relation];
        document
    }

    #[test]
    fn shows_answers_and_labels_with_what_was_decided() {
        let mut document = Document::from_parts("7", &[("abstract", "Rats ran.")]);
        for (key, value) in [
            ("answer.F1", "maybe"),
            ("answer.F1.question", "Did <they> run?"),
            ("answer.F1.score", "0.5123"),
            ("answer.F1.figure.x", "3"),
            ("label.F2", "evading growth suppressors"),
            ("label.F2.decision.ada", "reject"),
        ] {
            document.infons.insert(key.to_owned(), value.to_owned());
        }
        let written = write(&[document], Format::Html, &WriteOptions::default()).unwrap();
        let page = String::from_utf8(written.files[0].1.clone()).unwrap();
        let said: Vec<String> = lines(&page);
        assert!(said.iter().any(|line| line.contains("Did &lt;they&gt; run? maybe 0.51")), "{said:?}");
        assert!(
            said.iter().any(|line| line.contains("Label: evading growth suppressors ada: reject")),
            "{said:?}"
        );
        assert!(!page.contains("No relations."));
        let properties = written.losses.iter().find(|loss| loss.what == Lost::DocumentProperties).unwrap();
        assert_eq!((properties.count, properties.example.as_str()), (1, "answer.F1.figure.x"));
    }

    #[test]
    fn shows_everything_and_runs_nothing() {
        let runs =
            BTreeMap::from([("r1".to_owned(), Infons::from([("seed".to_owned(), "</script>".to_owned())]))]);
        let options = WriteOptions { name: "July".to_owned(), runs, ..WriteOptions::default() };
        let written = write(&[document()], Format::Html, &options).unwrap();
        let (name, bytes) = &written.files[0];
        let page = String::from_utf8(bytes.clone()).unwrap();
        assert_eq!((name.as_str(), written.files.len()), ("July.html", 1));
        for part in [
            "<title>July</title>",
            "β-blockers &amp; asthma",
            "They &lt;harm&gt;.",
            "✓ accepted",
            "0.88",
            "MESH:DT3",
            "Note: &lt;script&gt;",
            "{\"r1\":{\"seed\":\"\\u003c/script>\"}}",
        ] {
            assert!(page.contains(part), "{part} is missing in\n{page}");
        }
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<script>"));
        assert_eq!(page.matches("<script").count(), 1, "the block of data");
        assert_eq!(page.matches("<mark").count(), page.matches("</mark>").count());
        assert_eq!(written.losses[0].what, Lost::Import);
    }
}
