use super::*;
use crate::windows::{Window, cover_for_names};

fn labels(names: &[&str]) -> Labels {
    Labels::read(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

/// "Amphotericin B-induced kidney failure", tokens in pieces.
const TEXT: &str = "Amphotericin B-induced kidney failure";
const OFFSETS: [Range<usize>; 7] = [0..6, 6..12, 13..14, 14..15, 15..22, 23..29, 30..37];
const STARTS: [bool; 7] = [true, false, true, true, true, true, true];

/// Logits of labels that are chosen with a probability of about 0.9.
fn sure(count: usize, chosen: &[usize]) -> Vec<f32> {
    let mut logits = vec![0.0; chosen.len() * count];
    for (token, label) in chosen.iter().enumerate() {
        logits[token * count + label] = (9.0 * (count - 1) as f32).ln();
    }
    logits
}

fn found(labels: &Labels, logits: &[f32]) -> Vec<(String, String)> {
    let names = decode(labels, logits, &OFFSETS, &STARTS);
    names.into_iter().map(|name| (name.kind, TEXT[name.span.start..name.span.end].to_owned())).collect()
}

fn pair(kind: &str, name: &str) -> (String, String) {
    (kind.to_owned(), name.to_owned())
}

#[test]
fn each_scheme_gives_the_names_that_it_marks() {
    let expected = [pair("Chemical", "Amphotericin B"), pair("Disease", "kidney failure")];
    let bio = labels(&["O", "B-Chemical", "I-Chemical", "B-Disease", "I-Disease"]);
    assert_eq!((bio.scheme(), bio.kinds()), (Scheme::Bio, vec!["Chemical", "Disease"]));
    // The second piece of a word says nothing: published models were never taught its label.
    assert_eq!(found(&bio, &sure(5, &[1, 0, 2, 0, 0, 3, 4])), expected);
    let bioes =
        labels(&["B_Chemical", "E_Chemical", "O", "I_Chemical", "S_Chemical", "B_Disease", "E_Disease"]);
    assert_eq!(bioes.scheme(), Scheme::Bioes);
    assert_eq!(found(&bioes, &sure(7, &[0, 2, 1, 2, 2, 5, 6])), expected);
    let plain = labels(&["Chemical", "Disease", "O"]);
    assert_eq!((plain.scheme(), plain.kinds()), (Scheme::Plain, vec!["Chemical", "Disease"]));
    assert_eq!(found(&plain, &sure(3, &[0, 2, 0, 2, 2, 1, 1])), expected);
    let inside = labels(&["O", "I-Chemical", "I-Disease"]);
    assert_eq!((inside.scheme(), inside.kinds()), (Scheme::Plain, vec!["Chemical", "Disease"]));
    assert_eq!(found(&inside, &sure(3, &[1, 0, 1, 0, 0, 2, 2])), expected);
    let bare = labels(&["B", "I", "O", "X", "[CLS]", "[SEP]"]);
    assert_eq!((bare.scheme(), bare.kinds()), (Scheme::Bio, vec![""]));
    assert_eq!(
        found(&bare, &sure(6, &[0, 3, 1, 2, 2, 0, 1])),
        [pair("", "Amphotericin B"), pair("", "kidney failure")]
    );
}

#[test]
fn neighbors_are_two_names_where_the_second_begins() {
    let bio = labels(&["O", "B-Disease", "I-Disease"]);
    assert_eq!(
        found(&bio, &sure(3, &[0, 0, 0, 0, 0, 1, 1])),
        [pair("Disease", "kidney"), pair("Disease", "failure")]
    );
}

#[test]
fn what_the_scheme_does_not_allow_becomes_the_likeliest_that_it_allows() {
    let bio = labels(&["O", "B-Disease", "I-Disease", "B-Chemical", "I-Chemical"]);
    // An inside without a beginning, of which a beginning is the next likeliest.
    let mut logits = sure(5, &[0, 0, 0, 0, 0, 2, 2]);
    logits[5 * 5 + 1] = 3.0;
    assert_eq!(found(&bio, &logits), [pair("Disease", "kidney failure")]);
    // Kinds do not mix within a name.
    let names = decode(&bio, &sure(5, &[3, 0, 2, 0, 0, 0, 0]), &OFFSETS, &STARTS);
    assert!(names.iter().all(|name| name.kind == "Chemical"), "{names:?}");
    // A name that is begun must end where ends are marked.
    let bioes = labels(&["O", "B-D", "I-D", "E-D", "S-D"]);
    let mut logits = sure(5, &[0, 0, 0, 0, 0, 0, 1]);
    logits[6 * 5 + 4] = 3.0;
    assert_eq!(found(&bioes, &logits), [pair("D", "failure")]);
}

#[test]
fn the_score_is_the_mean_probability_of_the_words() {
    let bio = labels(&["O", "B-Disease", "I-Disease"]);
    let names = decode(&bio, &sure(3, &[0, 0, 0, 0, 0, 1, 2]), &OFFSETS, &STARTS);
    assert_eq!(names.len(), 1);
    assert!((names[0].score - 0.9).abs() < 1e-6, "{}", names[0].score);
    assert_eq!(decode(&bio, &[0.0; 5], &OFFSETS, &STARTS), []);
    assert_eq!(decode(&bio, &[f32::NAN; 21], &OFFSETS, &STARTS), []);
    assert_eq!(decode(&bio, &[], &[], &[]), []);
}

#[test]
fn labels_that_mark_no_names_are_refused_with_all_of_them() {
    let refused = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Labels::read(&names).unwrap_err().to_string()
    };
    assert!(
        refused(&["positive", "negative"])
            .starts_with("the labels positive, negative have none for words outside")
    );
    assert!(refused(&["O", "X"]).contains("name no kind"));
}

/// A reader that marks every `Zn1`, `Zn2`, ... that it sees whole.
fn read(text: &str, window: Span) -> Vec<LabelledName> {
    let part = &text[window.start..window.end];
    let words = part.split(' ').filter(|word| word.starts_with("Zn"));
    words
        .map(|word| {
            let start = window.start + word.as_ptr() as usize - part.as_ptr() as usize;
            let end = start + word.trim_end_matches('.').len();
            LabelledName { kind: "Chemical".into(), span: Span::new(start, end), score: 0.5 }
        })
        .collect()
}

#[test]
fn seams_of_windows_lose_nothing_and_give_nothing_twice() {
    let sentences: String = (0..40).map(|i| format!("Then Zn{i} rose with Zn{} here. ", 100 + i)).collect();
    let endless: String = (0..120).map(|i| format!("Zn{i} and ")).collect();
    for text in [sentences, endless] {
        for limit in [60, 97, 200, 10_000] {
            let windows = cover_for_names(&text, limit, |span| span.len()).windows;
            assert!(windows.iter().all(|window| window.span.len() <= limit));
            assert_eq!(windows.len() == 1, limit == 10_000);
            let overlapping = windows.windows(2).all(|pair| pair[1].span.start < pair[0].span.end);
            assert!(overlapping, "windows of {limit} do not overlap");
            let names = windows.iter().map(|window| read(&text, window.span)).collect();
            let whole = read(&text, Span::new(0, text.len()));
            let spans = |names: &[LabelledName]| names.iter().map(|name| name.span).collect::<Vec<_>>();
            assert_eq!(spans(&merge(&windows, names)), spans(&whole), "limit {limit}");
        }
    }
}

/// One window sees the beginning of a long name only, the next one all of it.
#[test]
fn a_name_across_a_seam_is_whole_if_one_window_sees_it_whole() {
    let windows = [Span::new(0, 20), Span::new(10, 40)].map(|span| Window { span, cuts_a_sentence: true });
    let name = |start, end| LabelledName { kind: "D".into(), span: Span::new(start, end), score: 0.5 };
    assert_eq!(merge(&windows, vec![vec![name(16, 20)], vec![name(16, 26)]]), [name(16, 26)]);
    assert_eq!(merge(&windows, vec![vec![name(11, 18)], vec![name(11, 18)]]), [name(11, 18)]);
    assert_eq!(merge(&windows, vec![vec![name(14, 20)], vec![name(14, 26)]]), [name(14, 26)]);
    assert_eq!(merge(&windows, vec![vec![], vec![name(12, 18)]]), [name(12, 18)]);
}
