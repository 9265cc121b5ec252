//! The words of an element as a reader sees them: paragraphs parted, exponents and fractions told from digits.

use super::{Element, Node};

/// Runs of white space as one blank, none at the ends. (No-break spaces stay: they are the author's.)
pub(in crate::formats) fn collapse(text: &str) -> String {
    text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

impl Element {
    /// The words inside as a reader sees them: runs of blanks as one, without the elements that `skip` names, and with
    /// a blank where one paragraph or cell ends and another begins.
    pub fn words(&self, skip: &dyn Fn(&Self) -> bool) -> String {
        let mut text = String::new();
        self.push_words(skip, &mut text);
        collapse(&text)
    }

    /// Appends the words inside, blanks as they stand.
    pub(in crate::formats) fn push_words(&self, skip: &dyn Fn(&Self) -> bool, text: &mut String) {
        for child in &self.children {
            push_node(child, skip, text);
        }
    }
}

/// Appends the words of one node.
pub(in crate::formats) fn push_node(node: &Node, skip: &dyn Fn(&Element) -> bool, text: &mut String) {
    let element = match node {
        Node::Text(part) => return text.push_str(part),
        Node::Element(element) => element,
    };
    let blank = if is_block(&element.name) { " " } else { "" };
    text.push_str(blank);
    if !skip(element) {
        push_element(element, skip, text);
        text.push_str(blank);
    }
}

fn push_element(element: &Element, skip: &dyn Fn(&Element) -> bool, text: &mut String) {
    let words = |part: Option<&Element>| {
        let mut words = String::new();
        if let Some(part) = part.filter(|part| !skip(part)) {
            push_element(part, skip, &mut words);
        }
        words.trim().to_owned()
    };
    let mut parts = element.elements();
    match &*element.name {
        "xref" if is_raised_citation(element) => push_citation(&words_inside(element, skip), text),
        "sup" if holds_citation(element) => push_citation(&words_inside(element, skip), text),
        "sup" => push_script(&words_inside(element, skip), SUPERSCRIPTS, text),
        "sub" => push_script(&words_inside(element, skip), SUBSCRIPTS, text),
        "msup" | "msub" | "msubsup" => {
            text.push_str(&words(parts.next()));
            if &*element.name != "msup" {
                push_script(&words(parts.next()), SUBSCRIPTS, text);
            }
            if &*element.name != "msub" {
                push_script(&words(parts.next()), SUPERSCRIPTS, text);
            }
        }
        "mfrac" => {
            if text.ends_with(|letter: char| letter.is_ascii_digit()) {
                text.push(' ');
            }
            let bracketed = |part: String| {
                let is_one = part.chars().all(|letter| letter.is_alphanumeric() || letter == '.');
                if is_one { part } else { format!("({part})") }
            };
            text.push_str(&bracketed(words(parts.next())));
            text.push('/');
            text.push_str(&bracketed(words(parts.next())));
        }
        "msqrt" => {
            text.push('√');
            element.push_words(skip, text);
        }
        _ => element.push_words(skip, text),
    }
}

/// Appends a raised part (an exponent, a charge).
pub(in crate::formats) fn push_raised(part: &str, text: &mut String) {
    push_script(part, SUPERSCRIPTS, text);
}

/// Appends a lowered part.
pub(in crate::formats) fn push_lowered(part: &str, text: &mut String) {
    push_script(part, SUBSCRIPTS, text);
}

fn words_inside(element: &Element, skip: &dyn Fn(&Element) -> bool) -> String {
    let mut words = String::new();
    element.push_words(skip, &mut words);
    words.trim().to_owned()
}

/// Raised and lowered characters: as they are written, and as Unicode has them.
type Scripts = (&'static str, &'static str, char);
const SUPERSCRIPTS: Scripts = ("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ", '^');
const SUBSCRIPTS: Scripts = ("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", '_');

/// Appends a raised or lowered part. Its digits must not become those of a number before it: 10⁹ is not 109.
fn push_script(part: &str, (plain, script, mark): Scripts, text: &mut String) {
    let follows_number = text.ends_with(|letter: char| letter.is_ascii_digit());
    if !follows_number || !part.contains(|letter: char| letter.is_ascii_digit()) {
        text.push_str(part);
        return;
    }
    let letter = |letter: char| script.chars().nth(plain.chars().position(|one| one == letter)?);
    match part.chars().map(letter).collect::<Option<String>>() {
        Some(scripts) => text.push_str(&scripts),
        None => {
            text.push(mark);
            text.push_str(part);
        }
    }
}

/// Appends the number of a reference, which must not become part of the word or number before it.
fn push_citation(number: &str, text: &mut String) {
    let is_marked = number.starts_with(['[', '(']) || number.is_empty();
    let (open, close) = if is_marked { ("", "") } else { ("[", "]") };
    text.push_str(&format!("{open}{number}{close}"));
}

/// Whether a citation is raised as a whole.
fn is_raised_citation(element: &Element) -> bool {
    let mut parts = element.children.iter();
    element.attribute("ref-type") == Some("bibr")
        && parts.all(|part| match part {
            Node::Element(part) => &*part.name == "sup",
            Node::Text(part) => part.trim().is_empty(),
        })
}

/// Whether a raised part is the number of a reference or a note.
fn holds_citation(element: &Element) -> bool {
    element.elements().any(|part| &*part.name == "xref")
}

/// Elements that begin and end a line or a cell.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "title"
            | "sec"
            | "list"
            | "list-item"
            | "break"
            | "br"
            | "disp-formula"
            | "label"
            | "def-list"
            | "def-item"
            | "def"
            | "disp-quote"
            | "boxed-text"
            | "fig"
            | "fig-group"
            | "table-wrap"
            | "table"
            | "tr"
            | "td"
            | "th"
            | "mtr"
            | "mtd"
            | "preformat"
            | "verse-line"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "li"
            | "div"
    )
}

#[cfg(test)]
mod tests {
    use crate::formats::import::Intake;
    use crate::formats::xml::each;
    use crate::limits::Limits;

    fn words(inside: &str) -> String {
        let limits = Limits::default();
        let mut intake = Intake::new("a.xml", &limits);
        let mut words = String::new();
        each(&format!("<r>{inside}</r>"), &["r"], &mut intake, |record, _| {
            words = record.element.words(&|part| matches!(&*part.name, "fn" | "table-wrap"));
        })
        .unwrap();
        words
    }

    #[test]
    fn digits_stay_the_numbers_they_are() {
        for (inside, shown) in [
            ("10<sup>9</sup> cells, 10<sup>−3</sup> M, 10<sup>6.5</sup>", "10⁹ cells, 10⁻³ M, 10^6.5"),
            (
                "Na<sup>+</sup>, Ca<sup>2+</sup>, CO<sub>2</sub>, m<sup>2</sup>, 1<sup>st</sup>",
                "Na+, Ca2+, CO2, m2, 1st",
            ),
            (
                "in 2004<sup><xref>12</xref></sup> and mice<sup><xref>3</xref></sup>",
                "in 2004[12] and mice[3]",
            ),
            (
                "in 5<xref ref-type=\"bibr\"><sup>1</sup></xref> mice<sup><xref>1</xref>–<xref>3</xref></sup>",
                "in 5[1] mice[1–3]",
            ),
            ("log10<sub>2</sub> of <sup>14</sup>C", "log10₂ of 14C"),
            ("<msup><mn>10</mn><mn>9</mn></msup>", "10⁹"),
            ("<msup><mi>χ</mi><mn>2</mn></msup><mo>=</mo><mn>4.1</mn>", "χ2=4.1"),
            ("1<mfrac><mn>1</mn><mn>2</mn></mfrac> mg", "1 1/2 mg"),
            ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
            ("<msqrt><mn>2</mn></msqrt>", "√2"),
        ] {
            assert_eq!(words(inside), shown, "{inside}");
        }
    }

    #[test]
    fn cells_and_what_is_left_out_do_not_fuse_words() {
        let table = "in <mtable><mtr><mtd>group A</mtd></mtr><mtr><mtd>group B</mtd></mtr></mtable> was";
        assert_eq!(words(table), "in group A group B was");
        assert_eq!(words("before<table-wrap>x</table-wrap>after"), "before after");
        assert_eq!(words("nausea<fn>x</fn>."), "nausea.");
    }
}
