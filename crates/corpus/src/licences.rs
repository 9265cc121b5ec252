//! What the sources allow.

use serde::{Deserialize, Serialize};

/// Which records are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Licences {
    /// What may be given on with no more than attribution, and PubMed abstracts whose source states nothing.
    #[default]
    Redistributable,
    /// Everything: for research, and for weights that are not given away.
    All,
}

/// What a licence asks for, by its strictest clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// At most attribution: CC BY, CC0, public domain, MIT, US government, open access, open licences of data sets.
    Open,
    /// Nothing is stated.
    Unstated,
    /// Research or non-commercial use only.
    NonCommercial,
    /// No derivatives.
    NoDerivatives,
    /// The same licence for what is made of it: -SA, GPL.
    ShareAlike,
    /// Not understood, and so not let through.
    Unknown,
}

/// Reads a licence statement.
pub fn terms(licence: &str) -> Terms {
    let licence = licence.to_lowercase();
    let words: Vec<&str> =
        licence.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|word| !word.is_empty()).collect();
    let says = |word: &str| words.contains(&word);
    let speaks_of = |phrase: &str| licence.contains(phrase);
    if says("nc") || speaks_of("non-commercial") || speaks_of("noncommercial") {
        Terms::NonCommercial
    } else if says("nd") {
        Terms::NoDerivatives
    } else if says("sa") || says("gpl") {
        Terms::ShareAlike
    } else if speaks_of("not stated") || speaks_of("no explicit licence") {
        Terms::Unstated
    } else if ["by", "cc0", "mit", "open"].into_iter().any(says)
        || ["public domain", "us government", "u.s. government", "free use with attribution"]
            .into_iter()
            .any(speaks_of)
    {
        Terms::Open
    } else if speaks_of("pubmed") {
        Terms::Unstated
    } else {
        Terms::Unknown
    }
}

impl Licences {
    /// Whether a record of this kind under this licence is let through.
    pub fn allow(self, licence: &str, kind: &str) -> bool {
        // Abstracts as such come from PubMed, where no licence is stated either; a passage is cut from abstracts.
        let of_pubmed = matches!(kind, "abstract" | "passage");
        match self {
            Self::All => true,
            Self::Redistributable => match terms(licence) {
                Terms::Open => true,
                Terms::Unstated => of_pubmed,
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_clause_counts() {
        let cases = [
            ("CC BY", Terms::Open),
            ("CC-BY 4.0 (dataset)", Terms::Open),
            ("CC BY (source ontology)", Terms::Open),
            ("CC0 1.0", Terms::Open),
            ("public domain corpus; PubMed abstracts", Terms::Open),
            ("MIT dataset; PubMed abstracts", Terms::Open),
            ("EBM-NLP (MIT-licensed repository; PubMed abstracts)", Terms::Open),
            ("open access", Terms::Open),
            ("Cohen open licence (drug class review data)", Terms::Open),
            ("HPO licence (free use with attribution, version shown)", Terms::Open),
            ("US Government work", Terms::Open),
            ("open access NC", Terms::NonCommercial),
            ("CC BY-NC-ND", Terms::NonCommercial),
            ("DDI corpus CC BY-NC 4.0", Terms::NonCommercial),
            ("OHSUMED terms (research, non-commercial)", Terms::NonCommercial),
            ("CC BY-ND", Terms::NoDerivatives),
            ("CC BY-SA 3.0", Terms::ShareAlike),
            ("GPL-3.0 corpus; PubMed abstracts", Terms::ShareAlike),
            ("PMC open-access subset (per-article licence not stated in source)", Terms::Unstated),
            ("ADE corpus (no explicit licence; cite Gurulingappa 2012)", Terms::Unstated),
            ("PubMed abstract", Terms::Unstated),
            ("all rights reserved", Terms::Unknown),
            ("", Terms::Unknown),
        ];
        for (licence, expected) in cases {
            assert_eq!(terms(licence), expected, "{licence}");
        }
    }

    #[test]
    fn unstated_passes_as_an_abstract_only() {
        let unstated = "licence not stated";
        assert!(Licences::Redistributable.allow(unstated, "abstract"));
        assert!(!Licences::Redistributable.allow(unstated, "article"));
        assert!(Licences::All.allow("CC BY-NC", "article"));
        assert!(!Licences::Redistributable.allow("CC BY-NC", "abstract"));
    }
}
