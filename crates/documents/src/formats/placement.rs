//! Where the mentions of a file stand in its text, although tools count differently and sometimes miscount.

use super::Unit;
use super::import::{Intake, quoted, some};
use super::offsets::Offsets;
use crate::Span;

/// How far (in bytes) the words of a mention may stand from where its offsets say.
const REACH: usize = 160;
/// Words shorter than this are found anywhere, so they are only moved along with their neighbours.
const DISTINCT: usize = 4;

/// Offsets and words of a mention as a file gives them.
pub(super) struct Claim {
    /// Start and end of each stretch, in the file's unit, from the start of the text they are placed in.
    pub spans: Vec<(i64, i64)>,
    /// The words the file quotes; empty where it quotes none.
    pub words: String,
}

/// What became of a [`Claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placement {
    /// The words stand where the offsets say.
    Exact(Vec<Span>),
    /// The words stand nearby.
    Moved(Vec<Span>),
    /// Other words stand there, and the quoted ones nowhere near.
    Differs(Vec<Span>),
    /// The offsets lie outside the text.
    Outside,
}

impl Placement {
    /// The place, if there is one.
    pub fn spans(&self) -> Vec<Span> {
        match self {
            Self::Exact(spans) | Self::Moved(spans) | Self::Differs(spans) => spans.clone(),
            Self::Outside => Vec::new(),
        }
    }
}

/// The unit in which most words stand where the offsets say; code points where it makes no difference.
pub(super) fn unit_of<'a>(parts: impl Iterator<Item = (&'a str, &'a [Claim])> + Clone) -> Unit {
    let fit = |unit: Unit| -> usize {
        parts
            .clone()
            .map(|(text, claims)| {
                let offsets = Offsets::new(text, unit);
                let exact = |claim: &&Claim| {
                    !claim.words.is_empty()
                        && convert(claim, &offsets).is_some_and(|spans| quotes(text, &spans, &claim.words))
                };
                claims.iter().filter(exact).count()
            })
            .sum()
    };
    if parts.clone().all(|(text, _)| text.is_ascii()) {
        return Unit::CodePoints;
    }
    let fits = [Unit::CodePoints, Unit::Bytes, Unit::Utf16].map(|unit| (unit, fit(unit)));
    let best = fits.iter().map(|(_, count)| *count).max().unwrap_or(0);
    fits.iter().find(|(_, count)| *count == best).map_or(Unit::CodePoints, |(unit, _)| *unit)
}

/// Places every claim in `text`.
pub(super) fn place(text: &str, unit: Unit, claims: &[Claim]) -> Vec<Placement> {
    let offsets = Offsets::new(text, unit);
    let converted: Vec<Option<Vec<Span>>> = claims.iter().map(|claim| convert(claim, &offsets)).collect();
    let mut placements: Vec<Placement> = claims
        .iter()
        .zip(&converted)
        .map(|(claim, spans)| match spans {
            None => Placement::Outside,
            Some(spans) if claim.words.is_empty() || says(text, spans, &claim.words) => {
                Placement::Exact(spans.clone())
            }
            Some(spans) => Placement::Differs(spans.clone()),
        })
        .collect();
    // Distinct words are looked for nearby; what is found says how far this text is shifted where.
    let mut shifts: Vec<(usize, isize)> = Vec::new();
    for (claim, placement) in claims.iter().zip(&mut placements) {
        let Some((at, length)) = expected(claim, &offsets) else {
            continue;
        };
        if matches!(placement, Placement::Exact(_)) || claim.words.chars().count() < DISTINCT {
            continue;
        }
        let whole = claim.spans.len() == 1 || length == claim.words.len();
        if let Some(found) = nearest(text, &claim.words, at).filter(|_| whole) {
            shifts.push((at, found.cast_signed() - at.cast_signed()));
            *placement = Placement::Moved(vec![Span::new(found, found + claim.words.len())]);
        }
    }
    shifts.sort_unstable();
    for ((claim, placement), spans) in claims.iter().zip(&mut placements).zip(&converted) {
        let (Placement::Differs(_), Some(spans)) = (&*placement, spans) else {
            continue;
        };
        let Some(at) = spans.first().map(|span| span.start) else {
            continue;
        };
        let next = shifts.partition_point(|(place, _)| *place < at);
        let neighbours = shifts.get(next.saturating_sub(2)..shifts.len().min(next + 2)).unwrap_or_default();
        for (_, shift) in neighbours {
            let moved = shifted(spans, *shift);
            if says(text, &moved, &claim.words) {
                *placement = Placement::Moved(moved);
                break;
            }
        }
    }
    placements
}

/// Tells in one issue per document what had to be moved and what quotes other words. (What lies outside is told by
/// the intake, which leaves it out.)
pub(super) fn report(claims: &[Claim], placements: &[Placement], place: &str, intake: &mut Intake<'_>) {
    let pick = |wanted: fn(&Placement) -> bool| -> Vec<String> {
        let chosen = claims.iter().zip(placements).filter(|(_, placement)| wanted(placement));
        chosen.map(|(claim, _)| quoted(&claim.words, "a mention")).collect()
    };
    let moved = pick(|placement| matches!(placement, Placement::Moved(_)));
    if !moved.is_empty() {
        let message = format!(
            "The offsets of {} mentions miss their words by a little: {}.",
            moved.len(),
            some(&moved)
        );
        intake.issue(place, message, "They were moved to where the words stand; look them over.");
    }
    let differ = pick(|placement| matches!(placement, Placement::Differs(_)));
    if !differ.is_empty() {
        let message = format!(
            "{} mentions quote other words than stand at their offsets: {}.",
            differ.len(),
            some(&differ)
        );
        intake.issue(place, message, "They were kept where their offsets point; correct or delete them.");
    }
}

fn convert(claim: &Claim, offsets: &Offsets<'_>) -> Option<Vec<Span>> {
    let byte = |offset: i64| usize::try_from(offset).ok().and_then(|offset| offsets.to_byte(offset));
    let mut spans = Vec::with_capacity(claim.spans.len());
    for (start, end) in &claim.spans {
        let span = Span::new(byte(*start)?, byte(*end)?);
        if span.is_empty() {
            return None;
        }
        spans.push(span);
    }
    spans.sort_unstable();
    (!spans.is_empty()).then_some(spans)
}

/// Roughly where a claim's words should begin, also where its end lies outside the text, and how long it says it is.
fn expected(claim: &Claim, offsets: &Offsets<'_>) -> Option<(usize, usize)> {
    let (start, end) = *claim.spans.first()?;
    let start = usize::try_from(start).ok()?;
    let at = offsets.to_byte(start.min(offsets.end()))?;
    if start > offsets.end() + REACH {
        return None;
    }
    Some((at, usize::try_from(end).ok()?.saturating_sub(start)))
}

/// Whether exactly `words` stand at `spans`, with a blank between pieces.
fn quotes(text: &str, spans: &[Span], words: &str) -> bool {
    let mut rest = words;
    for (index, span) in spans.iter().enumerate() {
        let stands = span.slice(text).unwrap_or("\0");
        let blank = if index == 0 { "" } else { " " };
        match rest.strip_prefix(blank).and_then(|rest| rest.strip_prefix(stands)) {
            Some(left) => rest = left,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Whether `words` stand at `spans`, whatever the blanks and the case.
fn says(text: &str, spans: &[Span], words: &str) -> bool {
    if let [span] = spans
        && span.slice(text) == Some(words)
    {
        return true;
    }
    let stands = spans.iter().map(|span| span.slice(text)).collect::<Option<Vec<_>>>();
    stands.is_some_and(|stands| {
        let letters = stands.iter().flat_map(|part| part.chars()).filter(|letter| !letter.is_whitespace());
        letters
            .flat_map(char::to_lowercase)
            .eq(words.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase))
    })
}

/// The occurrence of `words` that begins nearest to byte `at`, within reach.
fn nearest(text: &str, words: &str, at: usize) -> Option<usize> {
    let mut from = at.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let mut to = (at + REACH + words.len()).min(text.len());
    while !text.is_char_boundary(to) {
        to += 1;
    }
    let near = text.get(from..to)?;
    near.match_indices(words).map(|(found, _)| from + found).min_by_key(|found| found.abs_diff(at))
}

fn shifted(spans: &[Span], shift: isize) -> Vec<Span> {
    let by = |offset: usize| offset.saturating_add_signed(shift);
    spans.iter().map(|span| Span::new(by(span.start), by(span.end))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(spans: &[(i64, i64)], words: &str) -> Claim {
        Claim { spans: spans.to_vec(), words: words.to_owned() }
    }

    #[test]
    fn finds_the_unit() {
        let text = "β-blockers and 𝛼-agonists lower pressure";
        for (unit, start) in [(Unit::CodePoints, 26), (Unit::Bytes, 30), (Unit::Utf16, 27)] {
            let claims = [claim(&[(start, start + 5)], "lower")];
            assert_eq!(unit_of([(text, &claims[..])].into_iter()), unit);
            assert_eq!(place(text, unit, &claims), [Placement::Exact(vec![Span::new(30, 35)])]);
        }
    }

    #[test]
    fn moves_words_with_their_neighbours() {
        let text = "cystic fibrosis (CF) and renal or hepatic failure here";
        let claims = [
            claim(&[(3, 18)], "cystic fibrosis"),
            claim(&[(20, 22)], "CF"),
            claim(&[(28, 33), (45, 52)], "renal failure"),
        ];
        let placed = place(text, Unit::CodePoints, &claims);
        assert_eq!(placed[0], Placement::Moved(vec![Span::new(0, 15)]));
        assert_eq!(placed[1], Placement::Moved(vec![Span::new(17, 19)]));
        assert_eq!(placed[2], Placement::Moved(vec![Span::new(25, 30), Span::new(42, 49)]));
    }

    #[test]
    fn keeps_what_differs_and_drops_what_is_outside() {
        let claims = [
            claim(&[(0, 3)], "dog"),
            claim(&[(90, 99)], "elsewhere"),
            claim(&[(2, 2)], ""),
            claim(&[(-1, 2)], ""),
        ];
        let placed = place("cat food", Unit::CodePoints, &claims);
        assert_eq!(placed[0], Placement::Differs(vec![Span::new(0, 3)]));
        assert_eq!(placed[1..], [Placement::Outside, Placement::Outside, Placement::Outside]);
    }
}
