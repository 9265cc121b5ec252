//! The table between the kinds of a model's labels and the kinds of names that Osler has.

use std::collections::BTreeMap;

use super::{Labels, LabelsError};
use crate::tagging::KINDS;

/// What a table says of a label or a kind that is not used.
pub const LEFT_OUT: &str = "none";

/// What published models call the kinds of names, without capitals, punctuation and digits at the end.
const KNOWN_AS: [(&str, &[&str]); KINDS.len()] = [
    (
        "Chemical",
        &[
            "chemical",
            "chemicals",
            "chem",
            "drug",
            "drugs",
            "drugn",
            "brand",
            "group",
            "compound",
            "medication",
            "simplechemical",
            "chemicalentity",
            "substance",
        ],
    ),
    (
        "Disease",
        &[
            "disease",
            "diseases",
            "disorder",
            "diseaseordisorder",
            "diseaseorphenotypicfeature",
            "specificdisease",
            "diseaseclass",
            "compositemention",
            "modifier",
            "cancer",
            "condition",
        ],
    ),
    (
        "Gene",
        &[
            "gene",
            "genes",
            "genen",
            "geney",
            "protein",
            "proteins",
            "ggp",
            "geneprotein",
            "geneorprotein",
            "geneorgeneproduct",
            "genegeneproduct",
        ],
    ),
    (
        "Variant",
        &["variant", "mutation", "snp", "dnamutation", "proteinmutation", "sequencevariant", "genemutation"],
    ),
    ("Species", &["species", "organism", "organismtaxon", "taxon"]),
    ("CellLine", &["cellline", "celllines", "celllinename"]),
];

/// The kind of ours that a label's kind is likely to be: an index of [`KINDS`].
#[must_use]
pub fn likely_kind(own: &str) -> Option<usize> {
    let plain: String = own.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    let (kind, _) = KNOWN_AS.iter().find(|(_, names)| names.contains(&plain.as_str()))?;
    KINDS.iter().position(|name| name == kind)
}

/// The labels of a token classifier with what each kind is here.
#[derive(Debug, Clone, PartialEq)]
pub struct KindTable {
    labels: Labels,
    kinds: BTreeMap<String, Option<usize>>,
}

impl KindTable {
    /// Reads a model's labels by a table from its names to ours. A name there is a whole label (`LABEL_1`, which becomes
    /// `B-Disease` or the like) or a kind (`CHEM`, which becomes one of [`KINDS`], or [`LEFT_OUT`]). What the table does not
    /// have is guessed ([`likely_kind`]); a kind that cannot be guessed is left out. `of` is the model's name, by which the one kind
    /// of a model is guessed that does not name it.
    ///
    /// # Errors
    /// If the labels do not mark names, the table has a name that the model has not, or it says something that is no kind.
    pub fn read(labels: &[String], table: &BTreeMap<String, String>, of: &str) -> Result<Self, LabelsError> {
        let renamed: Vec<String> = labels.iter().map(|label| renamed(label, table)).collect();
        let read = Labels::read(&renamed)?;
        for (number, label) in labels.iter().enumerate().filter(|(number, _)| !read.is_outside(*number)) {
            let kind = read.kind(number);
            if table.contains_key(label) && kind_named(kind).is_none() {
                return Err(LabelsError::UnknownKind { label: label.clone(), kind: kind.to_owned() });
            }
        }
        let own = read.kinds();
        let mut kinds = BTreeMap::new();
        for kind in &own {
            let said = table.get(*kind).filter(|_| !labels.iter().any(|label| label == kind));
            let place = match said {
                Some(said) => kind_named(said).ok_or_else(|| LabelsError::UnknownKind {
                    label: (*kind).to_owned(),
                    kind: said.clone(),
                })?,
                None => likely_kind(kind).or_else(|| only_kind(&own, of)),
            };
            kinds.insert((*kind).to_owned(), place);
        }
        let is_known = |name: &&String| labels.contains(name) || own.contains(&name.as_str());
        if let Some(name) = table.keys().find(|name| !is_known(name)) {
            let known = own.iter().map(|kind| (*kind).to_owned()).chain(labels.iter().cloned());
            return Err(LabelsError::NotOfTheModel {
                label: name.clone(),
                labels: known.collect::<Vec<_>>().join(", "),
            });
        }
        Ok(Self { labels: read, kinds })
    }

    /// How the labels mark the parts of names.
    #[must_use]
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// What one of the model's kinds is here; `None` for one that is left out.
    #[must_use]
    pub fn kind(&self, own: &str) -> Option<usize> {
        self.kinds.get(own).copied().flatten()
    }

    /// The table from each of the model's kinds to the name of ours, [`LEFT_OUT`] included.
    #[must_use]
    pub fn names(&self) -> BTreeMap<String, String> {
        let name = |place: &Option<usize>| place.map_or(LEFT_OUT, |place| KINDS[place]).to_owned();
        self.kinds.iter().map(|(own, place)| (own.clone(), name(place))).collect()
    }

    /// Whether the model marks names of this kind.
    #[must_use]
    pub fn marks(&self, kind: usize) -> bool {
        self.kinds.values().any(|place| *place == Some(kind))
    }

    /// From the log-probabilities of the labels of a token those of outside, beginning and inside of each of our kinds:
    /// `[KINDS.len(), 3]`. A label that may be any part of a name counts as beginning and as inside.
    #[must_use]
    pub fn parts(&self, logarithms: &[f32]) -> Vec<f32> {
        let mut sums = vec![[0.0_f64; 3]; KINDS.len()];
        for (label, logarithm) in logarithms.iter().enumerate().take(self.labels.len()) {
            let p = f64::from(*logarithm).exp();
            let Some(kind) = self.kind(self.labels.kind(label)).filter(|_| !self.labels.is_outside(label))
            else {
                continue;
            };
            sums[kind][1] += if self.labels.may_be_first(label) { p } else { 0.0 };
            sums[kind][2] += if self.labels.may_be_later(label) { p } else { 0.0 };
            sums[kind][0] += p;
        }
        let logarithm = |p: f64| p.max(1e-12).ln() as f32;
        sums.into_iter().flat_map(|[any, first, later]| [1.0 - any, first, later].map(logarithm)).collect()
    }
}

/// A label as a table has it: `B-CHEM` that is called `Chemical` stays the beginning of one.
fn renamed(label: &str, table: &BTreeMap<String, String>) -> String {
    let Some(name) = table.get(label) else { return label.to_owned() };
    let prefix = label.char_indices().nth(1).filter(|(_, sign)| matches!(sign, '-' | '_' | '|'));
    let is_kind = kind_named(name).is_some_and(|kind| kind.is_some());
    match prefix {
        Some((at, _)) if is_kind => format!("{}-{name}", &label[..at]),
        _ => name.clone(),
    }
}

/// One of [`KINDS`], whatever its capitals, or `None` for [`LEFT_OUT`].
fn kind_named(name: &str) -> Option<Option<usize>> {
    if name.is_empty() || name.eq_ignore_ascii_case(LEFT_OUT) {
        return Some(None);
    }
    KINDS.iter().position(|kind| kind.eq_ignore_ascii_case(name)).map(Some)
}

/// The kind of a model that has one without naming it (`B`, `I`, `O`, or `ENTITY`), by the words of the model's name.
fn only_kind(own: &[&str], of: &str) -> Option<usize> {
    let unnamed = ["", "entity", "ent", "label", "bio", "ner"];
    let [only] = own else { return None };
    if !unnamed.contains(&only.to_lowercase().trim_matches(|c: char| !c.is_alphabetic())) {
        return None;
    }
    let mut words = of.split(|c: char| !c.is_alphabetic()).filter_map(likely_kind);
    words.next().filter(|kind| words.all(|other| other == *kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    fn read(labels: &[&str], table: &[(&str, &str)], of: &str) -> Result<KindTable, LabelsError> {
        let table = table.iter().map(|(own, ours)| ((*own).to_owned(), (*ours).to_owned())).collect();
        KindTable::read(&names(labels), &table, of)
    }

    fn told(table: &KindTable) -> Vec<(String, String)> {
        table.names().into_iter().collect()
    }

    fn pair(own: &str, ours: &str) -> (String, String) {
        (own.to_owned(), ours.to_owned())
    }

    #[test]
    fn what_published_models_call_kinds_is_known_and_the_rest_is_left_out() {
        let table = read(&["O", "B-Chemical", "I-Chemical", "B-DISEASE", "I-DISEASE", "B-Anatomy"], &[], "x");
        let expected = [pair("Anatomy", "none"), pair("Chemical", "Chemical"), pair("DISEASE", "Disease")];
        assert_eq!(told(&table.unwrap()), expected);
        let table = read(&["O", "B-GENE-Y", "B-GENE-N", "B-cell_line", "B-DNAMutation"], &[], "x").unwrap();
        let expected = [
            pair("DNAMutation", "Variant"),
            pair("GENE-N", "Gene"),
            pair("GENE-Y", "Gene"),
            pair("cell_line", "CellLine"),
        ];
        assert_eq!(told(&table), expected);
    }

    #[test]
    fn the_one_kind_of_a_model_that_does_not_name_it_is_in_its_name() {
        let of = |name: &str| read(&["B", "I", "O"], &[], name).unwrap().kind("");
        assert_eq!(of("biobert-BC5CDR-disease"), Some(1));
        assert_eq!(of("biobert_chemical_ner"), Some(0));
        assert_eq!((of("biobert"), of("chemical-disease")), (None, None));
    }

    #[test]
    fn a_user_names_kinds_and_whole_labels() {
        let table = read(&["O", "B-CHEM", "B-Sign"], &[("Sign", "disease"), ("CHEM", "none")], "x").unwrap();
        assert_eq!(told(&table), [pair("CHEM", "none"), pair("Sign", "Disease")]);
        assert!(table.marks(1) && !table.marks(0));
        let labels = ["LABEL_0", "LABEL_1", "LABEL_2"];
        assert!(matches!(read(&labels, &[], "x"), Err(LabelsError::NoOutside { .. })));
        let said = [("LABEL_0", "O"), ("LABEL_1", "B-Disease"), ("LABEL_2", "I-Disease")];
        assert_eq!(told(&read(&labels, &said, "x").unwrap()), [pair("Disease", "Disease")]);
        let plain = read(&["CANCER", "sign", "O"], &[("sign", "Chemical")], "x").unwrap();
        assert_eq!(told(&plain), [pair("CANCER", "Disease"), pair("Chemical", "Chemical")]);
        let error = read(&["O", "B-X"], &[("X", "Illness")], "x").unwrap_err().to_string();
        assert!(error.contains("Illness") && error.contains("CellLine"), "{error}");
        let error = read(&["x", "O"], &[("x", "Illness")], "x").unwrap_err().to_string();
        assert!(error.contains("Illness"), "{error}");
        let whole = read(&["O", "B-CHEM", "I-CHEM"], &[("B-CHEM", "Chemical"), ("I-CHEM", "Chemical")], "x");
        assert_eq!(whole.unwrap().labels().scheme(), super::super::Scheme::Bio);
        let error = read(&["O", "B-X"], &[("Y", "Disease")], "x").unwrap_err().to_string();
        assert!(error.contains("no label Y") && error.contains("B-X"), "{error}");
    }

    #[test]
    fn parts_of_a_kind_are_the_sums_of_its_labels() {
        let table = read(&["O", "B-GENE-Y", "I-GENE-Y", "B-GENE-N", "S-Drug"], &[], "x").unwrap();
        let parts = table.parts(&[0.4, 0.1, 0.2, 0.2, 0.1].map(f32::ln));
        let of = |kind: usize| [0, 1, 2].map(|part| (f64::from(parts[kind * 3 + part]).exp() * 10.0).round());
        assert_eq!((of(2), of(0), of(1)), ([5.0, 3.0, 2.0], [9.0, 1.0, 0.0], [10.0, 0.0, 0.0]));
    }
}
