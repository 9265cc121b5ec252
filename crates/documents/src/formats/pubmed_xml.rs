//! PubMed's XML: `PubmedArticleSet` and the citations and book chapters in it.

use super::ReadError;
use super::import::Intake;
use super::wording::counted;
use super::xml::{self, Element, Record};
use crate::{Document, Infons};

const RECORDS: [&str; 5] =
    ["PubmedArticle", "PubmedBookArticle", "MedlineCitation", "DeleteCitation", "DeleteDocument"];

/// How many withdrawn citations are told by number.
const WITHDRAWN: usize = 50;

/// Reads the citations one by one.
pub(super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    xml::each(text, &RECORDS, intake, |Record { line, element }, intake| {
        if element.name.starts_with("Delete") {
            withdrawn(&element, line, intake);
            return;
        }
        let document = citation(&element, intake);
        let place = format!("line {line}, PMID {}", document.id);
        intake.document(document, place);
    })
}

/// Tells which citations PubMed has taken back.
fn withdrawn(list: &Element, line: usize, intake: &mut Intake<'_>) {
    let ids: Vec<String> = list.elements().map(|id| words(Some(id))).collect();
    let mut named = ids.iter().take(WITHDRAWN).cloned().collect::<Vec<_>>().join(", ");
    if ids.len() > WITHDRAWN {
        named.push_str(" …");
    }
    let message = format!("PubMed has withdrawn {}: {named}.", counted(ids.len(), "citation"));
    intake.issue(format!("line {line}"), message, "Remove them where you have them.");
}

/// Whether it is what PubMed writes for a title that it has only in another language.
fn is_no_title(title: &str) -> bool {
    title.trim_end_matches('.').eq_ignore_ascii_case("[Not Available]")
}

fn citation(record: &Element, intake: &mut Intake<'_>) -> Document {
    let medline = match &*record.name {
        "PubmedArticle" => record.child("MedlineCitation").unwrap_or(record),
        "PubmedBookArticle" => record.child("BookDocument").unwrap_or(record),
        _ => record,
    };
    let article = medline.child("Article").unwrap_or(medline);
    let mut document = Document { id: words(medline.child("PMID")), ..Document::default() };
    let title = ["ArticleTitle", "VernacularTitle"]
        .iter()
        .map(|name| words(article.child(name)))
        .chain([words(medline.at(&["Book", "BookTitle"]))])
        .find(|title| !title.is_empty() && !is_no_title(title));
    document.push_passage("title", &title.unwrap_or_default());

    let sections: Vec<&Element> = article.all("Abstract").flat_map(|part| part.all("AbstractText")).collect();
    let others: Vec<&Element> = medline.all("OtherAbstract").collect();
    if sections.is_empty() {
        if let Some((first, rest)) = others.split_first() {
            push_sections(&first.all("AbstractText").collect::<Vec<_>>(), &mut document);
            intake.left_out("further abstracts (in other languages, or for other readers)", rest.len());
        }
    } else {
        push_sections(&sections, &mut document);
        intake.left_out("further abstracts (in other languages, or for other readers)", others.len());
    }
    document.infons = bibliography(record, medline, article);
    document
}

/// A passage per section, with its label in front as PubMed shows it.
fn push_sections(sections: &[&Element], document: &mut Document) {
    for section in sections {
        let text = words(Some(section));
        let label = section.attribute("Label").filter(|label| !label.is_empty() && *label != "UNLABELLED");
        let shown = label
            .filter(|_| !text.is_empty())
            .map_or_else(|| text.clone(), |label| format!("{label}: {text}"));
        let Some(passage) = document.push_passage("abstract", &shown) else {
            continue;
        };
        if let Some(label) = label {
            passage.infons.insert("section".to_owned(), label.to_owned());
        }
        if let Some(category) = section.attribute("NlmCategory").filter(|category| !category.is_empty()) {
            passage.infons.insert("category".to_owned(), category.to_owned());
        }
    }
}

fn bibliography(record: &Element, medline: &Element, article: &Element) -> Infons {
    let mut infons = Infons::new();
    let mut keep = |key: &str, value: String| {
        if !value.is_empty() {
            infons.entry(key.to_owned()).or_insert(value);
        }
    };
    keep("pmid", words(medline.child("PMID")));
    let location = article.all("ELocationID").find(|location| location.attribute("EIdType") == Some("doi"));
    keep("doi", words(location));
    // Only the article's own ids: its references have lists of the same kind.
    let lists = [record.at(&["PubmedData", "ArticleIdList"]), medline.child("ArticleIdList")];
    for id in lists.into_iter().flatten().flat_map(|list| list.all("ArticleId")) {
        match id.attribute("IdType") {
            Some("doi") => keep("doi", words(Some(id))),
            Some("pmc") => keep("pmc", words(Some(id))),
            _ => {}
        }
    }
    let journal = article.child("Journal");
    keep("journal", words(journal.and_then(|journal| journal.child("Title"))));
    keep("journal", words(medline.at(&["MedlineJournalInfo", "MedlineTA"])));
    keep("journal", words(medline.at(&["Book", "Publisher", "PublisherName"])));
    let date = journal
        .and_then(|journal| journal.at(&["JournalIssue", "PubDate"]))
        .or_else(|| medline.at(&["Book", "PubDate"]));
    let year = date.map(|date| words(date.child("Year"))).filter(|year| !year.is_empty());
    let medline_date = || words(date.and_then(|date| date.child("MedlineDate"))).chars().take(4).collect();
    keep("year", year.unwrap_or_else(medline_date));
    keep("authors", join(article.all("AuthorList").take(1).flat_map(|list| list.all("Author")).map(author)));
    let types = article.all("PublicationTypeList").flat_map(|list| list.all("PublicationType"));
    keep("publication_types", join(types.map(|kind| words(Some(kind)))));
    let headings = medline.all("MeshHeadingList").flat_map(|list| list.all("MeshHeading"));
    let chemicals = medline.all("ChemicalList").flat_map(|list| list.all("Chemical"));
    keep(
        "chemicals",
        join(chemicals.map(|chemical| {
            let number = words(chemical.child("RegistryNumber"));
            let name = words(chemical.child("NameOfSubstance"));
            if matches!(&*number, "" | "0") { name } else { format!("{name} ({number})") }
        })),
    );
    // Retractions, errata, comments: a reader must know of them.
    let corrections = medline.all("CommentsCorrectionsList").flat_map(|list| list.all("CommentsCorrections"));
    keep(
        "corrections",
        join(corrections.filter(|one| one.attribute("RefType") != Some("Cites")).map(|one| {
            let pmid = words(one.child("PMID"));
            let pmid = if pmid.is_empty() { pmid } else { format!(" PMID {pmid}") };
            format!("{}: {}{pmid}", one.attribute("RefType").unwrap_or("See"), words(one.child("RefSource")))
        })),
    );
    keep("coi_statement", words(medline.child("CoiStatement")));
    let banks = article.all("DataBankList").flat_map(|list| list.all("DataBank"));
    let numbers = banks.flat_map(|bank| {
        let name = words(bank.child("DataBankName"));
        let list = bank.all("AccessionNumberList").flat_map(|list| list.all("AccessionNumber"));
        list.map(move |number| format!("{name} {}", words(Some(number)))).collect::<Vec<_>>()
    });
    keep("databanks", join(numbers));
    let grants = article.all("GrantList").flat_map(|list| list.all("Grant"));
    keep("grants", join(grants.map(|grant| parts(grant, &["GrantID", "Agency", "Country"]))));
    keep("copyright", words(article.at(&["Abstract", "CopyrightInformation"])));
    keep("volume", words(journal.and_then(|journal| journal.at(&["JournalIssue", "Volume"]))));
    keep("issue", words(journal.and_then(|journal| journal.at(&["JournalIssue", "Issue"]))));
    keep("pages", words(article.at(&["Pagination", "MedlinePgn"])));
    keep("notes", join(medline.all("GeneralNote").map(|note| words(Some(note)))));
    keep("mesh", join(headings.map(|heading| words(heading.child("DescriptorName")))));
    let keywords = medline.all("KeywordList").flat_map(|list| list.all("Keyword"));
    keep("keywords", join(keywords.map(|keyword| words(Some(keyword)))));
    keep("language", join(article.all("Language").map(|language| words(Some(language)))));
    infons
}

fn author(author: &Element) -> String {
    let collective = words(author.child("CollectiveName"));
    if !collective.is_empty() {
        return collective;
    }
    let given = [words(author.child("ForeName")), words(author.child("Initials"))];
    let given = given.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let family = words(author.child("LastName"));
    [family, given].into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Some of an element's parts, with commas between.
fn parts(element: &Element, names: &[&str]) -> String {
    let parts = names.iter().map(|name| words(element.child(name))).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn words(element: Option<&Element>) -> String {
    element
        .map(|element| element.words(&|inner| matches!(&*inner.name, "annotation" | "annotation-xml")))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::formats::{Format, Notice, read};

    const SET: &str = r#"<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2019//EN" "pubmed.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">11</PMID><Article>
  <Journal><JournalIssue><PubDate><MedlineDate>1998 Nov-Dec</MedlineDate></PubDate></JournalIssue><Title>Heart</Title></Journal>
  <ArticleTitle>Effect of <i>Digitalis</i> on Na<sup>+</sup>
    flux.</ArticleTitle>
  <Abstract><AbstractText Label="BACKGROUND" NlmCategory="BACKGROUND">It&#x2019;s old: p &lt; 0.05.</AbstractText>
  <AbstractText Label="RESULTS">None.</AbstractText></Abstract>
  <AuthorList><Author><LastName>Withering</LastName><ForeName>William</ForeName></Author></AuthorList>
</Article><OtherAbstract Language="fre"><AbstractText>Vieux.</AbstractText></OtherAbstract></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1/x</ArticleId></ArticleIdList>
<ReferenceList><Reference><ArticleIdList><ArticleId IdType="pmc">PMC9</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData>
</PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>12</PMID><Article></Article></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>13</PMID><Article><ArticleTitle>Broken</Article></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>14</PMID><Article><ArticleTitle>Sound.</ArticleTitle></Article></MedlineCitation></PubmedArticle>
</PubmedArticleSet>"#;

    #[test]
    fn reads_structured_abstracts_with_markup() {
        let import = read(SET.as_bytes(), "set.xml").unwrap();
        assert_eq!(import.format, Format::PubmedXml);
        let document = &import.documents[0];
        assert_eq!(
            document.text,
            "Effect of Digitalis on Na+ flux.\nBACKGROUND: It’s old: p < 0.05.\nRESULTS: None."
        );
        assert_eq!(document.passages[1].infons["section"], "BACKGROUND");
        for (key, value) in [
            ("pmid", "11"),
            ("doi", "10.1/x"),
            ("year", "1998"),
            ("journal", "Heart"),
            ("authors", "Withering, William"),
        ] {
            assert_eq!(document.infons[key], value);
        }
        assert!(!document.infons.contains_key("pmc"), "that is a reference's");
        assert_eq!(
            import.notices,
            [Notice::LeftOut("further abstracts (in other languages, or for other readers)", 1)]
        );
    }

    fn set(inside: &str) -> crate::formats::Import {
        read(format!("<PubmedArticleSet>{inside}</PubmedArticleSet>").as_bytes(), "set.xml").unwrap()
    }

    #[test]
    fn takes_the_vernacular_title_where_there_is_no_other() {
        for none in ["[Not Available].", "[Not Available]", "[Not available]."] {
            let import = set(&format!(
                "<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>{none}</ArticleTitle><VernacularTitle>Sulla gotta.</VernacularTitle></Article></MedlineCitation></PubmedArticle>"
            ));
            assert_eq!(import.documents[0].text, "Sulla gotta.");
        }
    }

    #[test]
    fn tells_withdrawn_citations() {
        let deleted = "<DeleteCitation><PMID>24381829</PMID><PMID>26841407</PMID></DeleteCitation>";
        let article = "<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>Kept.</ArticleTitle></Article></MedlineCitation></PubmedArticle>";
        let import = set(&format!("{article}{deleted}"));
        assert_eq!(import.documents.len(), 1);
        assert_eq!(import.issues[0].message, "PubMed has withdrawn 2 citations: 24381829, 26841407.");
        let error = read(format!("<PubmedArticleSet>{deleted}</PubmedArticleSet>").as_bytes(), "only.xml")
            .unwrap_err();
        assert!(error.to_string().contains("PubMed has withdrawn 2 citations"), "{error}");
        let error = read(b"<PubmedArticleSet></PubmedArticleSet>", "none.xml").unwrap_err();
        assert_eq!(
            error.to_string(),
            "none.xml holds no document that can be read. There is no record in it; choose another file."
        );
    }

    #[test]
    fn keeps_retractions_chemicals_and_trials() {
        let import = set(
            "<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>Zinc.</ArticleTitle>\
            <DataBankList><DataBank><DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList><AccessionNumber>NCT1</AccessionNumber></AccessionNumberList></DataBank></DataBankList>\
            <GrantList><Grant><GrantID>R01</GrantID><Agency>NIH</Agency></Grant></GrantList></Article>\
            <ChemicalList><Chemical><RegistryNumber>J41CSQ7QDS</RegistryNumber><NameOfSubstance UI=\"D015032\">Zinc</NameOfSubstance></Chemical></ChemicalList>\
            <CommentsCorrectionsList><CommentsCorrections RefType=\"RetractionIn\"><RefSource>J Test. 2020</RefSource><PMID>10</PMID></CommentsCorrections></CommentsCorrectionsList>\
            </MedlineCitation></PubmedArticle>",
        );
        let infons = &import.documents[0].infons;
        assert_eq!(infons["chemicals"], "Zinc (J41CSQ7QDS)");
        assert_eq!(
            (infons["databanks"].as_str(), infons["grants"].as_str()),
            ("ClinicalTrials.gov NCT1", "R01, NIH")
        );
        assert_eq!(infons["corrections"], "RetractionIn: J Test. 2020 PMID 10");
    }

    #[test]
    fn imports_the_rest_of_a_damaged_file() {
        let import = read(SET.as_bytes(), "set.xml").unwrap();
        let ids: Vec<&str> = import.documents.iter().map(|document| document.id.as_str()).collect();
        assert_eq!(ids, ["11", "14"]);
        assert_eq!(import.issues.len(), 3, "{:#?}", import.issues);
        assert_eq!(import.issues[0].place, "line 15, PMID 12");
    }
}
