//! The ids by which the same article is known in every database: PMID and DOI.

use crate::model::Document;

/// An id of digits this long is taken for a PMID where the source does not say what it is; shorter ones are rows and numbers
/// of files.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=8;

impl Document {
    /// The PMID: as the source names it, or its own id where that looks like one.
    #[must_use]
    pub fn pmid(&self) -> Option<String> {
        let named = ["pmid", "article-id_pmid", "PMID"].iter().find_map(|key| self.infons.get(*key));
        let named = named.and_then(|text| pmid(text));
        named.or_else(|| pmid(&self.id).filter(|id| DIGITS.contains(&id.len())))
    }

    /// The DOI, as [`doi`] writes it: as the source names it, or its own id where that is one.
    #[must_use]
    pub fn doi(&self) -> Option<String> {
        let named = ["doi", "article-id_doi", "DOI"].iter().find_map(|key| self.infons.get(*key));
        named.and_then(|text| doi(text)).or_else(|| doi(&self.id))
    }
}

/// The digits of a PMID, with or without what people write before it (`PMID: 123`, an address of PubMed).
#[must_use]
pub fn pmid(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('/');
    let digits = text.rsplit([':', '/', ' ']).next().unwrap_or_default().trim_start_matches('0');
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let before = &text[..text.len() - digits.len()];
    let before = before.trim_end_matches('0').to_lowercase();
    let is_pmid = before.is_empty() || before.contains("pmid") || before.contains("pubmed");
    (is_number && is_pmid && digits.len() <= *DIGITS.end()).then(|| digits.to_owned())
}

/// A DOI in lower case, without what people write around it (`https://doi.org/`, `doi:`, `[doi]`): DOIs differ in no case.
#[must_use]
pub fn doi(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase();
    let from = lower.find("10.")?;
    let before = lower[..from].trim_end_matches([' ', ':', '/']);
    let is_prefix =
        ["", "doi", "http://doi.org", "https://doi.org", "http://dx.doi.org", "https://dx.doi.org"]
            .iter()
            .any(|known| before.eq(*known) || before.trim_start_matches("www.").eq(*known))
            || before == "doi.org";
    let doi = lower[from..].split_whitespace().next()?.trim_end_matches("[doi]");
    let doi = doi.trim_end_matches(['.', ',', ';', ')']);
    let (registrant, suffix) = doi.split_once('/')?;
    let is_doi =
        registrant.len() > 3 && registrant[3..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_prefix && is_doi && !suffix.is_empty()).then(|| doi.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Infons;

    #[test]
    fn ids_are_read_however_they_are_written() {
        for text in ["8701013", " PMID: 8701013 ", "https://pubmed.ncbi.nlm.nih.gov/8701013/", "PMID08701013"]
        {
            assert_eq!(pmid(text).as_deref(), Some("8701013").filter(|_| text != "PMID08701013"), "{text}");
        }
        for text in ["", "PMC8701013", "row-12", "123456789", "10.1/8701013", "case/12345678"] {
            assert_eq!(pmid(text), None, "{text}");
        }
        for text in
            ["10.1000/ABC.1", "doi:10.1000/abc.1", "https://doi.org/10.1000/abc.1.", "10.1000/abc.1 [doi]"]
        {
            assert_eq!(doi(text).as_deref(), Some("10.1000/abc.1"), "{text}");
        }
        for text in ["", "10.1000", "10.x/abc", "see 10.1000/abc.1", "version 10.2/3"] {
            assert_eq!(doi(text), None, "{text}");
        }
    }

    #[test]
    fn a_row_number_is_no_pmid() {
        let document = |id: &str, infons: &[(&str, &str)]| Document {
            id: id.to_owned(),
            infons: infons
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect::<Infons>(),
            ..Document::default()
        };
        assert_eq!(document("12", &[]).pmid(), None);
        assert_eq!(document("12", &[("pmid", "12")]).pmid().as_deref(), Some("12"));
        assert_eq!(document("8701013", &[]).pmid().as_deref(), Some("8701013"));
        assert_eq!(document("10.1000/x", &[]).doi().as_deref(), Some("10.1000/x"));
    }
}
