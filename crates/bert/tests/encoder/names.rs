//! From a long text to its names: windows that the model can read, tokens, logits, labels, and the seams between windows.

use bert::{Model, Tokens};
use burn::tensor::Device;
use documents::Span;
use tasks::labels::{self, LabelledName, Labels};
use tasks::windows::cover_for_names;

use crate::reference::fixture;

/// Labels are a random model's: what is tested is where the names stand.
#[test]
fn names_of_a_long_text_are_whole_words_of_the_author() {
    let model = Model::load(&fixture("token-bert/hf"), &Device::flex()).unwrap();
    let labels = Labels::read(&model.config.labels).unwrap();
    let text = "Aspirin inhibits COX-2 in naïve mice (p < 0.05). TNF-α rose; IL-6 did not. Ångström-sized pores were seen. \
                Metformin lowered glucose in mice with diabetes. "
        .repeat(6);
    let room = model.config.max_positions() - 2;
    let count = |span: Span| model.tokenizer.count(&text[span.start..span.end]).unwrap();
    let windows = cover_for_names(&text, room, count).windows;
    assert!(windows.len() > 6);
    let names = windows.iter().map(|window| {
        let encoding = model.tokenizer.encode(&text[window.span.start..window.span.end], None, None).unwrap();
        let logits = model.logits(&[Tokens::from(&encoding)]).unwrap().remove(0);
        let (own, width) = (encoding.own(0), model.config.labels.len());
        let logits = &logits[own.places.start * width..own.places.end * width];
        let shifted = |name: LabelledName| LabelledName {
            span: Span::new(name.span.start + window.span.start, name.span.end + window.span.start),
            ..name
        };
        labels::decode(&labels, logits, &own.offsets, &own.starts).into_iter().map(shifted).collect()
    });
    let names = labels::merge(&windows, names.collect());
    assert!(names.len() > 10, "a random model finds something");
    for name in &names {
        let found = name.span.slice(&text).unwrap();
        assert_eq!(found.trim(), found);
        assert!(["Chemical", "Disease"].contains(&name.kind.as_str()));
        assert!(name.score > 0.0 && name.score <= 1.0);
        let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let cut_before = letter(text[..name.span.start].chars().last()) && letter(found.chars().next());
        let cut_behind = letter(text[name.span.end..].chars().next()) && letter(found.chars().last());
        assert!(!cut_before && !cut_behind, "{found:?} is no whole word");
    }
    for kind in ["Chemical", "Disease"] {
        let spans: Vec<Span> = names.iter().filter(|name| name.kind == kind).map(|name| name.span).collect();
        assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start), "{kind}: names overlap");
    }
}
