//! Ids of terminologies as files write them: `MESH:D003000`, `D002318|D012131`, `p.V600E;RS#:113488022`.

use crate::Concept;

/// The concepts of one id field. What stands for "no id" (`-1`, `-`, empty) gives none.
///
/// Variants keep `|` and `,`, which belong to their notation (`c|SUB|A|53|T`).
pub(super) fn parse(kind: &str, field: &str) -> Vec<Concept> {
    field.split(separators(kind)).map(str::trim).filter(|id| !is_none(id)).map(parse_one).collect()
}

/// The id field that [`parse`] reads back, if there is one.
pub(super) fn write(kind: &str, concepts: &[Concept]) -> String {
    let separator = if separators(kind).contains(&'|') { "|" } else { ";" };
    concepts.iter().map(write_one).collect::<Vec<_>>().join(separator)
}

/// `MESH:D003000` or, without a vocabulary, `D003000`.
pub(super) fn write_one(concept: &Concept) -> String {
    if concept.vocabulary.is_empty() {
        concept.id.clone()
    } else {
        format!("{}:{}", concept.vocabulary, concept.id)
    }
}

/// The reverse of [`write_one`]. Addresses (`http://...`) are ids as a whole.
pub(super) fn parse_one(id: &str) -> Concept {
    match id.split_once(':') {
        Some((vocabulary, rest))
            if !vocabulary.is_empty()
                && !rest.is_empty()
                && !rest.starts_with("//")
                && vocabulary.chars().all(|letter| letter.is_alphanumeric() || " _-.#".contains(letter)) =>
        {
            Concept { vocabulary: vocabulary.to_owned(), id: rest.to_owned() }
        }
        _ => Concept { vocabulary: String::new(), id: id.to_owned() },
    }
}

/// What stands for "no id is known".
pub(super) fn is_none(id: &str) -> bool {
    matches!(id, "" | "-" | "-1" | "None" | "null")
}

fn separators(kind: &str) -> &'static [char] {
    let kind = kind.to_ascii_lowercase();
    let is_variant = ["mutation", "variant", "snp", "allele"].iter().any(|word| kind.contains(word));
    if is_variant { &[';'] } else { &['|', ';', ','] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_id_fields() {
        for (kind, field, ids) in [
            ("Disease", "MESH:D006984", vec![("MESH", "D006984")]),
            ("Disease", "D002318|D012131", vec![("", "D002318"), ("", "D012131")]),
            ("Chemical", "-1", vec![]),
            (
                "ProteinMutation",
                "c|SUB|A|53|T;RS#:104893877",
                vec![("", "c|SUB|A|53|T"), ("RS#", "104893877")],
            ),
            ("Term", "http://purl.org/x:1", vec![("", "http://purl.org/x:1")]),
            ("Gene", "NCBI Gene:7157", vec![("NCBI Gene", "7157")]),
        ] {
            let concepts = parse(kind, field);
            let found: Vec<(&str, &str)> =
                concepts.iter().map(|concept| (concept.vocabulary.as_str(), concept.id.as_str())).collect();
            assert_eq!(found, ids, "{field}");
            if !ids.is_empty() {
                assert_eq!(write(kind, &concepts), field);
            }
        }
    }
}
