//! Describing a term: BioGPT continues "{term} is".

/// `{term} is`, the term as the author writes it, with single blanks.
#[must_use]
pub fn prompt(term: &str) -> String {
    let term: Vec<&str> = term.split_whitespace().collect();
    format!("{} is", term.join(" "))
}

/// The continuation that a definition gives: "An enzyme that ..." becomes "an enzyme that ... .". A definition that
/// repeats "{term} is" at its beginning loses it.
#[must_use]
pub fn target(term: &str, definition: &str) -> String {
    let definition: Vec<&str> = definition.split_whitespace().collect();
    let mut text = definition.join(" ");
    let prompt = prompt(term);
    let head = text.get(..prompt.len()).filter(|head| head.eq_ignore_ascii_case(&prompt));
    if head.is_some() && text[prompt.len()..].starts_with(' ') {
        text.replace_range(..=prompt.len(), "");
    }
    for article in ["An", "A", "The", "Any", "One"] {
        let lower = article.to_lowercase();
        if text.strip_prefix(article).is_some_and(|rest| rest.starts_with(' ')) {
            text.replace_range(..article.len(), &lower);
        }
    }
    if !text.is_empty() && !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// A description as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The prompt and what the model wrote after it.
    pub text: String,
    /// Whether it ends where a sentence does; if not, the model was stopped by its length limit.
    pub complete: bool,
}

/// Puts prompt and output together.
#[must_use]
pub fn read(term: &str, output: &str) -> Description {
    let text = format!("{} {}", prompt(term), output.trim());
    let end = text.trim_end_matches(['"', '\'', ')', ']', '”', '’']);
    let complete = end.ends_with(['.', '!', '?']);
    Description { text, complete }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_continues_the_prompt() {
        assert_eq!(prompt(" renal  failure "), "renal failure is");
        assert_eq!(target("insulin", "A hormone\nof the pancreas"), "a hormone of the pancreas.");
        assert_eq!(target("Insulin", "Insulin is a hormone."), "a hormone.");
        assert_eq!(target("ß", "ß is"), "ß is.");
    }

    #[test]
    fn says_whether_the_description_is_whole() {
        assert!(read("insulin", " a hormone (of the pancreas.)").complete);
        let cut = read("insulin", "a hormone that");
        assert_eq!((cut.text.as_str(), cut.complete), ("insulin is a hormone that", false));
    }
}
