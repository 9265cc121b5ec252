//! Other spellings under which a word of a text may be in the dictionary: plural and singular, British and American.

/// A folded name, then the same with its last word in another number or spelling.
#[must_use]
pub fn spellings_of(key: &str) -> Vec<String> {
    let at = key
        .rfind(|c: char| !c.is_alphanumeric())
        .map_or(0, |at| at + key[at..].chars().next().map_or(0, char::len_utf8));
    let (before, last) = key.split_at(at);
    variants(last).into_iter().map(|last| format!("{before}{last}")).collect()
}

/// The word itself, then its variants.
pub(crate) fn variants(word: &str) -> Vec<String> {
    let mut variants = vec![word.to_owned()];
    spellings(&mut variants);
    for index in 0..variants.len() {
        numbers(&variants[index].clone(), &mut variants);
    }
    if variants[0].len() >= SHORTEST && variants[0].is_ascii() {
        for (adjective, noun) in ADJECTIVES {
            if let Some(stem) = variants[0].strip_suffix(adjective).map(str::to_owned) {
                push(&mut variants, format!("{stem}{noun}"));
            }
        }
    }
    variants
}

/// Adjectives by which an author says that the disease is there: a cirrhotic liver has cirrhosis.
const ADJECTIVES: [(&str, &str); 22] = [
    ("otic", "osis"),
    ("tensive", "tension"),
    ("emic", "emia"),
    ("itic", "itis"),
    ("ythmic", "ythmia"),
    ("leptic", "lepsy"),
    ("phrenic", "phrenia"),
    ("pathic", "pathy"),
    ("toxic", "toxicity"),
    ("plegic", "plegia"),
    ("rrhagic", "rrhage"),
    ("embolic", "embolism"),
    ("trophic", "trophy"),
    ("penic", "penia"),
    ("kinetic", "kinesia"),
    ("megalic", "megaly"),
    ("cardic", "cardia"),
    ("algic", "algia"),
    ("asthmatic", "asthma"),
    ("allergic", "allergy"),
    ("cephalic", "cephaly"),
    ("stenotic", "stenosis"),
];

/// Short words have no variants: `his` is not `hi`.
const SHORTEST: usize = 4;

fn push(variants: &mut Vec<String>, variant: String) {
    if !variants.contains(&variant) {
        variants.push(variant);
    }
}

fn spellings(variants: &mut Vec<String>) {
    if variants[0].len() < SHORTEST || !variants[0].is_ascii() {
        return;
    }
    for (british, american) in [
        ("ae", "e"),
        ("oe", "e"),
        ("tumour", "tumor"),
        ("sulph", "sulf"),
        ("isation", "ization"),
        ("ised", "ized"),
        ("yse", "yze"),
    ] {
        for index in 0..variants.len() {
            if variants[index].contains(british) {
                let american = variants[index].replace(british, american);
                push(variants, american);
            }
        }
    }
}

fn numbers(bare: &str, variants: &mut Vec<String>) {
    if bare.len() < SHORTEST || !bare.is_ascii() {
        return;
    }
    if let Some(stem) = bare.strip_suffix("ies") {
        push(variants, format!("{stem}y"));
    }
    if let Some(stem) = bare.strip_suffix("es") {
        push(variants, stem.to_owned());
        push(variants, format!("{stem}is"));
    }
    if let Some(stem) = bare.strip_suffix('s').filter(|stem| !stem.ends_with(['s', 'u', 'i'])) {
        push(variants, stem.to_owned());
    }
    if !bare.ends_with('s') {
        push(variants, format!("{bare}s"));
        if let Some(stem) = bare.strip_suffix('y') {
            push(variants, format!("{stem}ies"));
        }
    } else if let Some(stem) = bare.strip_suffix("is") {
        push(variants, format!("{stem}es"));
    }
    for (plural, singular) in [("mata", "ma"), ("i", "us"), ("ices", "ix"), ("a", "um")] {
        if let Some(stem) = bare.strip_suffix(plural).filter(|stem| stem.len() >= SHORTEST) {
            push(variants, format!("{stem}{singular}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_and_spellings_lead_to_the_dictionary() {
        for (word, name) in [
            ("anaemias", "anemia"),
            ("neuropathies", "neuropathy"),
            ("seizures", "seizure"),
            ("seizure", "seizures"),
            ("psychoses", "psychosis"),
            ("tumours", "tumor"),
            ("carcinomata", "carcinoma"),
            ("oesophagitis", "esophagitis"),
            ("sulphate", "sulfate"),
        ] {
            assert!(variants(word).iter().any(|variant| variant == name), "{word} {:?}", variants(word));
        }
    }

    #[test]
    fn short_and_foreign_words_stay_as_they_are() {
        assert_eq!(variants("his"), ["his"]);
        assert_eq!(variants("日本s"), ["日本s"]);
        assert!(!variants("virus").contains(&"viru".to_owned()));
    }
}
