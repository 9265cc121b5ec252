//! Terms and definitions as sentences that a model can learn to describe from.

use crate::prose::one_full_stop;
use crate::records::Definition;

/// Other names that one sentence lists.
const SYNONYMS: usize = 2;
/// A definition that says only the sum formula teaches no words.
const FORMULA_ONLY: &str = "that has formula ";
const FEWEST_WORDS: usize = 4;

/// A definition as prose: "Gout is a form of arthritis ...", "Villi: folds ..." where no verb fits. `None` if it says
/// too little.
///
/// Ontologies define by a noun phrase, glossaries by one without its article, fact sheets by whole sentences that name
/// the term themselves. Which of them it is shows in the first words.
pub fn sentence(definition: &Definition) -> Option<String> {
    let term = definition.term.trim();
    let body = cleaned(&definition.definition);
    let formula_only = body.contains(FORMULA_ONLY) && body.split_whitespace().count() < 12;
    let repeats_term = without_article(&letters(&body)) == letters(term);
    if term.is_empty() || formula_only || repeats_term || body.split_whitespace().count() < FEWEST_WORDS {
        return None;
    }
    let mut text = if is_fact_sheet(definition) {
        // Some begin with what leads up to the term, or never come to it.
        let start: String = body.chars().take(FACT_SHEET_START).collect::<String>().to_lowercase();
        start.contains(bare(term).to_lowercase().trim_end_matches('s')).then_some(body)?
    } else {
        joined(term, &body)
    };
    if !text.ends_with(['.', '?', '!']) {
        text.push('.');
    }
    Some(text)
}

/// A sentence with the other names of a term, if it has any.
pub fn also_known(definition: &Definition) -> Option<String> {
    let names = other_names(definition.term.trim(), &definition.synonyms)?;
    Some(format!(" It is also known as {names}."))
}

/// Whether it is the beginning of an article on the term.
pub(crate) fn is_fact_sheet(definition: &Definition) -> bool {
    definition.source.starts_with(FACT_SHEETS)
}

/// Whether it defines a substance by its structure.
pub(crate) fn is_structural(definition: &Definition) -> bool {
    definition.source.contains(STRUCTURES)
}

/// Whether it only says what another term's process does to the process.
pub(crate) fn is_formulaic(definition: &str) -> bool {
    [
        "Any process that modulates",
        "Any process that activates",
        "Any process that stops",
        "Any process that increases",
    ]
    .iter()
    .any(|start| definition.starts_with(start))
}

fn joined(term: &str, body: &str) -> String {
    let subject = capitalized(term);
    let mut words = body.split_whitespace();
    let first = words.next().unwrap_or_default().to_lowercase();
    let second = words.next().unwrap_or_default();
    if is_whole_sentence(term, body) {
        return body.to_owned();
    }
    let rest = uncapitalized(body);
    let head = head_noun(body).unwrap_or_default();
    let is = match is_plural(term) {
        false => "is",
        true if COLLECTIVE.contains(&head.as_str()) => "are",
        // As a dictionary says it: "Lisch nodules refers to the presence of ...".
        true => "refers to",
    };
    match first.as_str() {
        "a" | "an" | "any" | "the" | "one" => format!("{subject} {is} {rest}"),
        "those" => format!("{subject} comprises {rest}"),
        _ if VERBS.contains(&first.trim_end_matches(',')) => format!("{subject} {rest}"),
        _ if GERUNDS.contains(&first.as_str()) => format!("{subject} means {rest}"),
        _ if COUNTABLE.contains(&head.as_str()) => {
            let article = if first.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
            format!("{subject} {is} {article} {rest}")
        }
        _ if second == "of" && !is_plural(&first) => format!("{subject} {is} the {rest}"),
        _ if is_plural(&head) && is_plural(term) => format!("{subject} are {rest}"),
        _ => format!("{subject}: {rest}"),
    }
}

/// "A coma is a deep state of unconsciousness.": it begins with the term, and its verb follows.
fn is_whole_sentence(term: &str, body: &str) -> bool {
    let body = body.to_lowercase();
    let term = bare(term).to_lowercase();
    let Some(after) = without_article(&body).strip_prefix(&term) else { return false };
    let next: Vec<&str> = after.split_whitespace().take(4).collect();
    let verb = |word: &&str| {
        matches!(*word, "is" | "are" | "was" | "refers" | "means" | "occurs" | "causes" | "can")
    };
    let clause = |word: &&str| matches!(*word, "that" | "which" | "in" | "of" | "with" | "characterized");
    next.iter().position(verb).is_some_and(|at| !next[..at].iter().any(clause))
}

/// Collections whose definitions are the beginnings of articles on the term.
const FACT_SHEETS: &str = "medquad";
/// The ontology of chemical structures.
const STRUCTURES: &str = "chebi";
/// Characters in which such an article must name the term.
const FACT_SHEET_START: usize = 150;

/// Definitions by what the thing does.
const VERBS: &[&str] = &[
    "acts",
    "activates",
    "applies",
    "binds",
    "catalyses",
    "catalyzes",
    "conveys",
    "decreases",
    "describes",
    "enables",
    "functions",
    "increases",
    "inhibits",
    "mediates",
    "modulates",
    "occurs",
    "prevents",
    "refers",
    "regulates",
    "represses",
    "stimulates",
    "stops",
];

/// Definitions by doing.
const GERUNDS: &[&str] = &[
    "assuming",
    "binding",
    "combining",
    "determining",
    "having",
    "interacting",
    "making",
    "providing",
    "using",
];

/// Many of a kind: "MAO inhibitors are a class of drugs".
const COLLECTIVE: &[&str] = &["class", "family", "group", "series", "set", "type"];

/// Heads that take "a" in front; glossaries leave it out.
const COUNTABLE: &[&str] = &[
    "abnormality",
    "acid",
    "agent",
    "amount",
    "area",
    "artery",
    "base",
    "bone",
    "branch",
    "cancer",
    "cavity",
    "cell",
    "change",
    "chemical",
    "class",
    "complex",
    "component",
    "compound",
    "condition",
    "defect",
    "deficiency",
    "device",
    "disease",
    "disorder",
    "drug",
    "duct",
    "enzyme",
    "form",
    "gene",
    "gland",
    "group",
    "hormone",
    "infection",
    "injury",
    "joint",
    "layer",
    "ligament",
    "lipid",
    "lobe",
    "measure",
    "measurement",
    "membrane",
    "method",
    "mineral",
    "model",
    "molecule",
    "muscle",
    "nerve",
    "neuron",
    "neurotransmitter",
    "organ",
    "pathway",
    "process",
    "protein",
    "receptor",
    "salt",
    "region",
    "structure",
    "substance",
    "symptom",
    "syndrome",
    "system",
    "tumor",
    "type",
    "vein",
    "vitamin",
];

/// The noun that the definition's first phrase ends with: the word before its first preposition or clause.
fn head_noun(body: &str) -> Option<String> {
    let words: Vec<&str> = body.split_whitespace().take(7).collect();
    let end = words.iter().position(|word| {
        matches!(
            word.trim_end_matches(','),
            "that"
                | "which"
                | "of"
                | "in"
                | "on"
                | "for"
                | "to"
                | "by"
                | "with"
                | "from"
                | "where"
                | "who"
                | "used"
                | "located"
                | "found"
                | "caused"
                | "characterized"
                | "involving"
                | "at"
                | "between"
                | "within"
                | "containing"
                | "responsible"
                | "composed"
                | "made"
                | "produced"
        )
    })?;
    let head = words.get(end.checked_sub(1)?)?.to_lowercase();
    head.chars().all(char::is_alphabetic).then_some(head)
}

fn is_plural(words: &str) -> bool {
    let last = bare(words).rsplit(' ').next().unwrap_or_default();
    last.len() > 3
        && last.ends_with('s')
        && !["ss", "us", "is", "as", "os"].iter().any(|end| last.ends_with(end))
}

/// Ontologies write relations with underscores and repeat them in lists, and cite in brackets.
fn cleaned(definition: &str) -> String {
    let mut text = definition.trim().trim_start_matches("Key Points ").to_owned();
    if let Some((quoted, _)) = text.strip_prefix('"').and_then(|rest| rest.rsplit_once('"')) {
        text = quoted.to_owned();
    }
    while let Some((start, end)) = citation(&text) {
        text.replace_range(start..end, "");
    }
    while let Some(at) = text.find(MATERIAL_BASIS) {
        let after = &text[at + MATERIAL_BASIS.len()..];
        let tissue = after
            .split_whitespace()
            .take(3)
            .any(|word| word.starts_with("cell") || word.starts_with("tissue"));
        let verb = if tissue { "arises from" } else { "is caused by" };
        text.replace_range(at..at + MATERIAL_BASIS.len(), verb);
    }
    for relation in ["has_symptom", "located_in"] {
        for joint in [", ", " or ", ", and ", " and "] {
            text = text.replace(&format!("{joint}{relation} "), joint);
        }
    }
    text = text.replace("has_symptom ", "has symptoms such as ").replace('_', " ");
    one_full_stop(&text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", "."))
}

const MATERIAL_BASIS: &str = "has_material_basis_in";

/// The term without the text in brackets behind it.
fn bare(term: &str) -> &str {
    term.split(" (").next().unwrap_or(term)
}

fn without_article(text: &str) -> &str {
    ["a ", "an ", "the ", "any "].iter().find_map(|article| text.strip_prefix(article)).unwrap_or(text)
}

/// Letters and digits in lower case, and single spaces.
fn letters(text: &str) -> String {
    crate::duplicates::words(text).join(" ")
}

/// `[PMID:123, GOC:ai]` or `(PMID:123)`.
fn citation(text: &str) -> Option<(usize, usize)> {
    text.match_indices(['[', '(']).find_map(|(start, bracket)| {
        let close = if bracket == "[" { ']' } else { ')' };
        let end = start + text[start..].find(close)?;
        let inside = &text[start + 1..end];
        let (source, id) = inside.split_once(':')?;
        let is_source = source.len() >= 2 && source.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        (is_source && !id.is_empty() && !id.starts_with(' ')).then_some((start, end + 1))
    })
}

/// `Gout` for gout, but `pH` stays.
fn capitalized(term: &str) -> String {
    let first = term.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let plain = first.len() > 1 && first.chars().all(|c| c.is_ascii_lowercase());
    match term.chars().next() {
        Some(letter) if plain => letter.to_uppercase().chain(term.chars().skip(1)).collect(),
        _ => term.to_owned(),
    }
}

/// The first word in lower case, unless it is a name or an abbreviation.
fn uncapitalized(body: &str) -> String {
    let first = body.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let plain = first.chars().skip(1).all(|c| c.is_ascii_lowercase());
    match body.chars().next() {
        Some(letter) if plain => letter.to_lowercase().chain(body.chars().skip(1)).collect(),
        _ => body.to_owned(),
    }
}

/// Plain names that differ from the term by more than case and punctuation.
fn other_names(term: &str, synonyms: &[String]) -> Option<String> {
    let mut taken = vec![letters(term)];
    let mut names = Vec::new();
    for synonym in synonyms {
        let key = letters(synonym);
        let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '\'');
        let shouted = synonym.contains(' ') && !synonym.contains(char::is_lowercase);
        let fits = (3..60).contains(&synonym.len()) && synonym.chars().all(plain) && !shouted;
        if fits && !taken.contains(&key) {
            taken.push(key);
            names.push(synonym.as_str());
        }
    }
    names.truncate(SYNONYMS);
    (!names.is_empty()).then(|| names.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_read_like_prose() {
        let cases = [
            (
                "glycidol",
                "An epoxide consisting of ethylene oxide bearing a methanol group.",
                "Glycidol is an epoxide consisting of ethylene oxide bearing a methanol group.",
            ),
            (
                "acrosome assembly",
                "The formation of the acrosome from the spermatid Golgi.",
                "Acrosome assembly is the formation of the acrosome from the spermatid Golgi.",
            ),
            (
                "glycerol dehydrogenase activity",
                "Catalysis of the reaction: glycerol + NAD = glycerone + NADH.",
                "Glycerol dehydrogenase activity is the catalysis of the reaction: glycerol + NAD = glycerone + NADH.",
            ),
            (
                "calcium ion binding",
                "Interacting selectively and non-covalently with calcium ions.",
                "Calcium ion binding means interacting selectively and non-covalently with calcium ions.",
            ),
            (
                "degradation pathway",
                "Those metabolic reactions involved in the degradation of isoleucine.",
                "Degradation pathway comprises those metabolic reactions involved in the degradation of isoleucine.",
            ),
            (
                "Gout",
                "Gout is a kind of arthritis. It can cause attacks",
                "Gout is a kind of arthritis. It can cause attacks.",
            ),
            (
                "Coma",
                "A coma is a deep state of unconsciousness.",
                "A coma is a deep state of unconsciousness.",
            ),
            (
                "anconeus",
                "small muscle on the lateral posterior elbow that extends the forearm",
                "Anconeus is a small muscle on the lateral posterior elbow that extends the forearm.",
            ),
            (
                "palmar interossei",
                "muscles that abduct and flex each finger",
                "Palmar interossei: muscles that abduct and flex each finger.",
            ),
            (
                "villi",
                "\"Folds of the lining of the gut.\" [NBO:GVG]",
                "Villi: folds of the lining of the gut.",
            ),
            (
                "chronic pain",
                "Presence of pain for six months [PMID:1, HPO:x].",
                "Chronic pain is the presence of pain for six months.",
            ),
            (
                "mouth disease",
                "A gastrointestinal disease that is located_in the mouth and has_material_basis_in sugar.",
                "Mouth disease is a gastrointestinal disease that is located in the mouth and is caused by sugar.",
            ),
            (
                "Lisch nodules",
                "The presence of raised nevi of the iris..",
                "Lisch nodules refers to the presence of raised nevi of the iris.",
            ),
            (
                "MAO inhibitors (MAOIs)",
                "class of drugs used to treat depression",
                "MAO inhibitors (MAOIs) are a class of drugs used to treat depression.",
            ),
            (
                "cadherin-5 (mouse)",
                "A cadherin-5 that is encoded in the genome of mouse.",
                "Cadherin-5 (mouse) is a cadherin-5 that is encoded in the genome of mouse.",
            ),
            (
                "aplasia of the ulna",
                "Missing ulna bone.. from birth on",
                "Aplasia of the ulna: missing ulna bone. from birth on.",
            ),
            (
                "syphilis",
                "A disease caused by Treponema. It has_symptom rash, has_symptom fever.",
                "Syphilis is a disease caused by Treponema. It has symptoms such as rash, fever.",
            ),
            (
                "skin carcinoma",
                "A cancer that has_material_basis_in squamous cells.",
                "Skin carcinoma is a cancer that arises from squamous cells.",
            ),
            (
                "pH",
                "A measure of the acidity of a solution.",
                "pH is a measure of the acidity of a solution.",
            ),
        ];
        for (term, definition, expected) in cases {
            let definition =
                Definition { term: term.into(), definition: definition.into(), ..Definition::default() };
            assert_eq!(sentence(&definition).unwrap(), expected);
        }
    }

    #[test]
    fn two_other_names_at_most_and_none_that_is_the_same() {
        let definition = Definition {
            term: "tinea barbae".into(),
            definition: "A fungal infection of the bearded areas.".into(),
            synonyms: ["Tinea-barbae", "ring worm (beard)", "beard ringworm", "barber's itch", "sycosis"]
                .map(String::from)
                .into(),
            ..Definition::default()
        };
        let expected = " It is also known as beard ringworm or barber's itch.";
        assert_eq!(also_known(&definition).as_deref(), Some(expected));
    }

    #[test]
    fn fact_sheets_speak_for_themselves_or_not_at_all() {
        let sheet = |term: &str, definition: &str| {
            sentence(&Definition {
                term: term.into(),
                definition: definition.into(),
                source: "medquad-x".into(),
                ..Definition::default()
            })
        };
        let porphyria = "Each of the eight types of porphyria goes with low levels of one enzyme.";
        assert_eq!(sheet("Porphyrias", porphyria).as_deref(), Some(porphyria));
        assert_eq!(sheet("Family Health", "Here are important questions to ask."), None);
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        let term = "abnormality of the retina".to_owned();
        let definition = "An abnormality of the retina.".to_owned();
        assert_eq!(sentence(&Definition { term, definition, ..Definition::default() }), None);
        for body in ["An epoxide that has formula C3H6O2.", "Unknown.", ""] {
            let definition =
                Definition { term: "glycidol".into(), definition: body.into(), ..Definition::default() };
            assert_eq!(sentence(&definition), None, "{body}");
        }
    }
}
